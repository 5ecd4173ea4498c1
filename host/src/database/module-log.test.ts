import { test } from "tap";
import type { LightconeError } from "@lightcone/abi";
import { ManualClock } from "../base/clock.ts";
import type { Disk } from "../base/disk/contract.ts";
import { MemoryDisk } from "../base/disk/memory.ts";
import type { LogRecord } from "../module/context.ts";
import { formatLogLine, hostRecord, ModuleLog } from "./module-log.ts";

const dayMicros = 86_400_000_000n;
/** 2025-10-09 19:06:40 UTC. */
const startMicros = 1_760_036_800_000_000n;

interface Rig {
  readonly log: ModuleLog;
  readonly disk: MemoryDisk;
  readonly clock: ManualClock;
  readonly say: (...messages: string[]) => void;
}

async function open(disk = new MemoryDisk(), clock = new ManualClock(startMicros)): Promise<Rig> {
  const log = new ModuleLog(disk, clock);
  await log.open();
  const say = (...messages: string[]): void => {
    for (const message of messages) log.append({ level: "Info", message });
  };
  return { log, disk, clock, say };
}

function messages(text: string): string[] {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error("the last line has no end");
  return lines.map((line) => (JSON.parse(line) as LogRecord).message);
}

void test("a line has the reference's fields in its order, and no others", (t) => {
  const cases: [LogRecord, string][] = [
    [{ level: "Info", message: "m" }, `{"level":"Info","ts":5,"message":"m"}`],
    [
      {
        level: "Panic",
        message: 'a "b"\n',
        target: "t",
        filename: "f.rs",
        lineNumber: 7,
        functionName: "add",
        trace: ["inner", "outer"],
      },
      `{"level":"Panic","ts":5,"target":"t","filename":"f.rs","line_number":7,"function":"add",` +
        `"message":"a \\"b\\"\\n","trace":[{"func_name":"inner"},{"func_name":"outer"}]}`,
    ],
    [
      hostRecord("Warn", "m"),
      `{"level":"Warn","ts":5,"target":"__spacetimedb__","filename":"__spacetimedb__",` +
        `"function":"__spacetimedb__","message":"m"}`,
    ],
  ];
  for (const [record, expected] of cases) t.equal(formatLogLine(record, 5n), expected);
  t.end();
});

void test("texts of any length make lines of a bounded one", (t) => {
  const text = "\u{1f30d}".repeat(100_000);
  const line = formatLogLine({ level: "Info", message: text, target: text, filename: text }, 5n);
  t.ok(line.length < 300_000, `${line.length} characters`);
  t.match((JSON.parse(line) as LogRecord).message, /… \(cut\)$/);
  t.end();
});

void test("lines are written at the end of a turn, to the file of the day", async (t) => {
  const { log, disk, say } = await open();
  say("one", "two");
  t.equal((await disk.readFile("module_logs/2025-10-09.log")).length, 0);
  log.write();
  const text = new TextDecoder().decode(await disk.readFile("module_logs/2025-10-09.log"));
  t.same(messages(text), ["one", "two"]);
});

void test("the last lines, over all days", async (t) => {
  const { log, disk, clock, say } = await open();
  say("1", "2", "3");
  clock.advance(dayMicros);
  t.ok(log.isDayOver);
  await log.rollOver();
  t.notOk(log.isDayOver);
  say("4", "5");
  clock.advance(2n * dayMicros);
  await log.rollOver();
  say("6");
  t.same(await disk.list("module_logs"), ["2025-10-09.log", "2025-10-10.log", "2025-10-12.log"]);
  const last = async (count?: number): Promise<string[]> => messages(`${await log.read(count)}`);
  t.same(await last(), ["1", "2", "3", "4", "5", "6"]);
  t.same(await last(0), []);
  t.same(await last(1), ["6"]);
  t.same(await last(2), ["5", "6"]);
  t.same(await last(4), ["3", "4", "5", "6"]);
  t.same(await last(100), ["1", "2", "3", "4", "5", "6"]);
});

void test("a few lines of a long file, whatever their lengths", async (t) => {
  const { log, say } = await open();
  const all = Array.from({ length: 3000 }, (_, i) => `${i} ${"ü".repeat((i * 37) % 500)}`);
  all.push("x".repeat(60_000), "y".repeat(60_000), "z");
  say(...all);
  for (const count of [1, 2, 3, 4, 10, 500, 3002, 3003, 4000]) {
    t.same(messages(await log.read(count)), all.slice(-count), `${count} lines`);
  }
});

void test("a second start goes on behind the first, also behind a line that was cut off", async (t) => {
  const { log, disk, clock, say } = await open();
  say("whole");
  await log.close();
  const path = "module_logs/2025-10-09.log";
  const torn = await disk.open(path, "write");
  const cutOff = new TextEncoder().encode(`{"level":"Info"`);
  torn.writeSync(await torn.size(), cutOff, 0, cutOff.length);
  const again = await open(disk, clock);
  again.say("later");
  const lines = (await again.log.read()).split("\n");
  t.same(
    lines.map((line) => line.slice(0, 15)),
    [`{"level":"Info"`, `{"level":"Info"`, `{"level":"Info"`, ""],
  );
  t.same(messages(await again.log.read(1)), ["later"]);
});

void test("who reads and follows in one turn gets every line once", async (t) => {
  const { log, say } = await open();
  say("before");
  const reading = log.read(10);
  const followed: string[] = [];
  const stop = log.follow((text) => followed.push(...messages(text)));
  say("meanwhile");
  log.write();
  t.same(messages(await reading), ["before"]);
  say("after");
  stop();
  say("unheard");
  t.same(followed, ["meanwhile", "after"]);
});

/** A disk whose files take their time to close. */
function slowToClose(disk: Disk, closed: Promise<void>): Disk {
  return new Proxy(disk, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name !== "open") {
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      }
      return async (...args: Parameters<Disk["open"]>) => {
        const file = await target.open(...args);
        const close = file.close.bind(file);
        return Object.assign(file, { close: () => close().then(() => closed) });
      };
    },
  });
}

void test("lines that come while a day ends are in one of its files", async (t) => {
  const disk = new MemoryDisk();
  let release = (): void => undefined;
  const closed = new Promise<void>((resolve) => {
    release = resolve;
  });
  const clock = new ManualClock(startMicros);
  const log = new ModuleLog(slowToClose(disk, closed), clock);
  await log.open();
  clock.advance(dayMicros);
  const rolling = log.rollOver();
  for (let i = 0; i < 20; i++) {
    log.append({ level: "Info", message: `${i}` });
    log.write();
    await Promise.resolve();
  }
  release();
  await rolling;
  const expected = Array.from({ length: 20 }, (_, i) => `${i}`);
  t.same(messages(await log.read()), expected);
  t.ok((await disk.readFile("module_logs/2025-10-10.log")).length > 0);
});

void test("a full disk and a log that is too long to hand out", async (t) => {
  const { log, disk, say } = await open();
  disk.failAfter("write", 0, "ENOSPC");
  say("lost");
  t.throws(() => log.write(), { code: "LC_DISK" });
  disk.heal();
  const file = await disk.open("module_logs/2025-10-08.log", "create");
  await file.truncate(200 * 1024 * 1024);
  await t.rejects(log.read(), { code: "LC_LIMIT" } satisfies Partial<LightconeError>);
});
