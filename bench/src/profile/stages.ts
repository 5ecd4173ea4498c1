// Samples of a profiler, summed up by the stages of a call: frame, decode, call, imports, commit,
// log, encode, send.
//
// A sample belongs to the innermost function on its stack whose file says which stage it serves.
// Most of the engine says nothing, since it serves several: a look-up in an index is `imports`
// where a module asks for it, a byte written is `log` or `encode`. So those take the stage of
// whoever called them.
import type { Profiler } from "node:inspector";

export const stages = [
  "frame",
  "decode",
  "call",
  "imports",
  "commit",
  "log",
  "encode",
  "send",
  "gc",
  "runtime",
  "other",
] as const;

/**
 * `frame`: what clients send, from the socket to the request. `decode`: arguments and whether the
 * call is allowed. `call`: the module's code and the way into it. `imports`: what the module asks
 * of the host. `commit`: net effect and subscriptions. `log`: the record, the file, the sync.
 * `encode`: answers and their frames. `send`: from there into sockets. `runtime`: the engine's and
 * the system's native code outside any function. `other`: the rest.
 */
export type Stage = (typeof stages)[number];

/** Microseconds of one thread by stage; `idle` is time in which it waited. */
export type StageTimes = Readonly<Record<Stage | "idle", number>>;

interface Rule {
  readonly stage: Stage;
  /** Matches `workspace/path:function` of our own files and `package/path:function` of others. */
  readonly where: RegExp;
}

function rule(stage: Stage, where: RegExp): Rule {
  return { stage, where };
}

/** The first that matches decides. */
const rules: readonly Rule[] = [
  rule("frame", /^abi\/wire\/v2-client:/),
  rule("encode", /^abi\/wire\/v2-server-write:/),
  rule("decode", /^abi\/sats\//),
  rule("decode", /^host\/database\/(?:live-module:|call:admitCall$)/),
  rule("log", /^host\/database\/call:recordInputs$/),
  rule("commit", /^host\/database\/call:commit$/),
  rule("call", /^host\/database\/call:/),
  rule("call", /^host\/(?:base\/[\w-]*clock|module\/instance):/),
  rule("imports", /^host\/module\//),
  rule("commit", /^host\/subscription\//),
  rule("log", /^host\/(?:log|base\/disk)\//),
  rule("send", /^host\/session\/slab:openSlab$/),
  rule("encode", /^host\/session\/(?:answers|fan-out|frame-style|outbox|slab|updates):/),
  rule("encode", /^host\/base\/compress:/),
  rule("frame", /^host\/session\//),
  rule("send", /^host\/server\/worker:post$/),
  rule("send", /^host\/server\/worker-link:#receive$/),
  rule("send", /^host\/server\/socket:write$/),
  rule("frame", /^host\/server\//),
  rule("frame", /^ws\//),
];

/** What V8 does beside functions, and functions of Node that all others stand on. */
const stagesByName: ReadonlyMap<string, Stage | "idle"> = new Map([
  ["(idle)", "idle"],
  ["(garbage collector)", "gc"],
  ["(program)", "runtime"],
  ["onStreamRead", "frame"],
  ["onWriteComplete", "send"],
]);

function stageOf(frame: Profiler.ProfileNode["callFrame"]): Stage | "idle" | undefined {
  const { functionName, url } = frame;
  const byName = stagesByName.get(functionName);
  if (byName !== undefined) return byName;
  // An import is called through this, on behalf of the module that asks.
  if (functionName.startsWith("wasm-to-js")) return "imports";
  if (functionName.startsWith("js-to-wasm") || url.startsWith("wasm:")) return "call";
  const where = placeOf(url);
  if (where === undefined) return undefined;
  return rules.find((each) => each.where.test(`${where}:${functionName}`))?.stage;
}

/**
 * `host/log/writer` for a file of ours, `ws/receiver` for one of a package; undefined for the rest,
 * Node's own included.
 */
function placeOf(url: string): string | undefined {
  const own = /\/([\w-]+)\/dist\/src\/(.+)\.js$/.exec(url);
  if (own !== null) return `${own[1]}/${own[2]}`;
  const foreign = /\/node_modules\/([\w-]+)\/.*?([\w-]+)\.js$/.exec(url);
  return foreign === null ? undefined : `${foreign[1]}/${foreign[2]}`;
}

/** Sums a profile up. */
export function stageTimes(profile: Profiler.Profile): StageTimes {
  const times = Object.fromEntries([...stages, "idle"].map((stage) => [stage, 0])) as Record<
    Stage | "idle",
    number
  >;
  const stageById = stagesById(profile.nodes);
  const { samples = [], timeDeltas = [] } = profile;
  // A delta is the time since the sample before: what that one found went on until now.
  for (let i = 1; i < samples.length; i++) {
    const stage = stageById.get(samples[i - 1] as number) ?? "other";
    times[stage] += timeDeltas[i] as number;
  }
  return times;
}

/** Parents precede their children, so each takes over from above what it does not say itself. */
function stagesById(nodes: readonly Profiler.ProfileNode[]): Map<number, Stage | "idle"> {
  const stageById = new Map<number, Stage | "idle">();
  const inherited = new Map<number, Stage | "idle">();
  for (const { id, callFrame, children = [] } of nodes) {
    const stage = stageOf(callFrame) ?? inherited.get(id) ?? "other";
    stageById.set(id, stage);
    for (const child of children) inherited.set(child, stage);
  }
  return stageById;
}
