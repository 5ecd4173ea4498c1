// Loaded before a host by scripts/conformance-mutants.mjs, in every thread of it: puts a fault into one import of every
// module that is linked from then on. The host's own code knows nothing of it.
//
// The mutant stands in memory that all threads share, so that one which waits for its database since long has the same.
import { register } from "node:module";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";

const isHook = new URL(import.meta.url).searchParams.has("hook");
if (!isHook) register(`${import.meta.url}?hook`);

/** The module loader's hook: wraps `linkImports`. */
export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.endsWith("/host/dist/src/module/imports/link.js")) return loaded;
  const self = new URL(url, import.meta.url);
  const hook = new URL("mutant-hook.mjs", import.meta.url).href;
  const source = String(loaded.source).replace(
    "export function linkImports(",
    "function linkSound(",
  );
  const wrapper = `
import { mutate } from ${JSON.stringify(hook)};
export function linkImports(context, procedures) {
  return mutate(linkSound(context, procedures), context);
}`;
  return { ...loaded, responseURL: self.href, source: source + wrapper };
}

/** What each kind of mutant does in place of an import. */
const kinds = {
  nothing: ({ result }) => {
    const answer = result === "i64" ? 0n : result === undefined ? undefined : 0;
    return () => answer;
  },
  "off by one": offByOne,
  "wrong errno": ({ result }, sound) => {
    if (result !== "i32") return () => wrongWithoutErrno();
    return (...args) => {
      const status = sound(...args);
      return status > 0 ? status + 1 : status;
    };
  },
};

/** Where there is no errno to be wrong, the call traps. */
function wrongWithoutErrno() {
  throw new WebAssembly.RuntimeError("a mutant");
}

const httpError = 21;

function offByOne({ name, paramNames, result }, sound, context) {
  const out = paramNames.findIndex((one) => one === "out");
  const length = paramNames.findIndex((one) => one.endsWith("len_ptr"));
  const at = out >= 0 ? out : length;
  if (name === "procedure_start_mut_tx" || paramNames.length === 0) {
    return (...args) => sound(...args) + 1;
  }
  if (name === "console_timer_start") return (...args) => sound(...args) + 1;
  // A microsecond more or less could be nobody's fault.
  if (result === "i64") return (wake) => sound(wake) - 1_000_000n;
  if (at < 0) {
    // Nothing comes back: the first number, or the length of the last bytes, is another one.
    const changed = paramNames.length === 1 || name === "console_log" ? 0 : paramNames.length - 1;
    const by = changed === 0 ? 1 : -1;
    return (...args) => sound(...args.map((arg, i) => (i === changed ? arg + by : arg)));
  }
  return (...args) => {
    const status = sound(...args);
    // A request that failed has written, too: where its text is.
    if (result === undefined || status === 0 || status === -1 || status === httpError) {
      const { memory } = context;
      memory.setU32(args[at], (memory.u32(args[at]) + 1) >>> 0);
    }
    return status;
  };
}

/** The kinds by name. */
export const mutantKinds = Object.keys(kinds);

const key = "lightcone:mutant";

/** The numbers of the import and of the kind; an import of -1 is none. Threads inherit what the main one made first. */
function sharedMutant() {
  const inherited = getEnvironmentData(key);
  if (inherited !== undefined) return new Int32Array(inherited);
  const made = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  setEnvironmentData(key, made);
  return new Int32Array(made).fill(-1);
}

const present = sharedMutant();

/** Modules that are linked from now on, in whatever thread, have this mutant; `undefined` is none. */
export function setMutant(mutant) {
  present[0] = mutant === undefined ? -1 : table.findIndex(({ name }) => name === mutant.name);
  present[1] = mutant === undefined ? -1 : mutantKinds.indexOf(mutant.kind);
}

/** The imports of one instance, one of them mutated. */
export function mutate(linked, context) {
  const one = table[present[0]];
  if (one === undefined) return linked;
  const sound = linked[one.module][one.name];
  const mutant = kinds[mutantKinds[present[1]]](one, sound, context);
  return { ...linked, [one.module]: { ...linked[one.module], [one.name]: mutant } };
}

const { moduleImports: table } = isHook
  ? { moduleImports: [] }
  : await import(new URL("../abi/dist/src/index.js", import.meta.url).href);
