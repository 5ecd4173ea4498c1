// The log of a module: lines of JSON in one file for each day, and whoever follows them (runtime.md section 10).
import { LightconeError, Timestamp } from "@lightcone/abi";
import type { Clock } from "../base/clock.ts";
import type { Disk, DiskFile } from "../base/disk/contract.ts";
import type { LogRecord } from "../module/context.ts";

const directory = "module_logs";
const utf8 = new TextEncoder();
const lossyUtf8 = new TextDecoder();

/** Lines waiting to be written beyond this are written before anything else happens. */
const pendingBytesMax = 1024 * 1024;

/** Of each text of a line; what is longer is cut, and says so. */
const textLengthMax = 64 * 1024;

/** How much of a file's end is looked at first for its last lines. */
const tailBytes = 64 * 1024;

/** More than this of a file is not handed out. */
const readBytesMax = 128 * 1024 * 1024;

const newline = 0x0a;

function cut(text: string): string {
  return text.length > textLengthMax ? `${text.slice(0, textLengthMax)}… (cut)` : text;
}

/** The JSON of one line, fields in the reference's order. */
export function formatLogLine(record: LogRecord, micros: bigint): string {
  return JSON.stringify({
    level: record.level,
    ts: Number(micros),
    target: record.target === undefined ? undefined : cut(record.target),
    filename: record.filename === undefined ? undefined : cut(record.filename),
    line_number: record.lineNumber,
    function: record.functionName,
    message: cut(record.message),
    trace: record.trace?.map((name) => ({ func_name: name })),
  });
}

/** A record that the host itself writes, about a stack of the module's if `trace` has any frames. */
export function hostRecord(
  level: LogRecord["level"],
  message: string,
  trace: readonly string[] = [],
): LogRecord {
  const own = "__spacetimedb__";
  const record = { level, message, target: own, filename: own, functionName: own };
  return trace.length === 0 ? record : { ...record, trace };
}

function dayOf(micros: bigint): string {
  return new Timestamp(micros).toDate().toISOString().slice(0, "yyyy-mm-dd".length);
}

/** Names sort as the days do. */
function fileOf(day: string): string {
  return `${day}.log`;
}

/** Appends lines and hands them out. Lines of one turn are written together by `write`. */
export class ModuleLog {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #followers = new Set<(text: string) => void>();
  #file: DiskFile | undefined;
  #day = "";
  #size = 0;
  #pending = "";

  constructor(disk: Disk, clock: Clock) {
    this.#disk = disk;
    this.#clock = clock;
  }

  /** Opens today's file. */
  async open(): Promise<void> {
    await this.#disk.makeDirectory(directory);
    await this.#openDay(dayOf(this.#clock.nowMicros()));
  }

  async #openDay(day: string): Promise<void> {
    const path = `${directory}/${fileOf(day)}`;
    const isThere = await this.#disk.exists(path);
    const file = await this.#disk.open(path, isThere ? "write" : "create");
    const size = await file.size();
    const last = new Uint8Array(1);
    // A line that a crash cut off must not run into the next one.
    const isWhole =
      size === 0 || ((await file.read(size - 1, last, 0, 1)) > 0 && last[0] === newline);
    if (!isWhole) this.#pending = `\n${this.#pending}`;
    // Lines may be written until here: they belong to the file before.
    const before = this.#file;
    this.#file = file;
    this.#size = size;
    this.#day = day;
    await before?.close();
  }

  append(record: LogRecord): void {
    const line = `${formatLogLine(record, this.#clock.nowMicros())}\n`;
    this.#pending += line;
    for (const follow of this.#followers) follow(line);
    if (this.#pending.length > pendingBytesMax) this.#writePending();
  }

  /** Writes what is pending: to the system, not for good. Call at the end of each turn. */
  write(): void {
    if (this.#pending !== "") this.#writePending();
  }

  #writePending(): void {
    const file = this.#file;
    if (file === undefined) throw new LightconeError("LC_DISK", "the module's log is not open");
    const bytes = utf8.encode(this.#pending);
    this.#pending = "";
    file.writeSync(this.#size, bytes, 0, bytes.length);
    this.#size += bytes.length;
  }

  /** Whether the day is over: then `rollOver` should follow. */
  get isDayOver(): boolean {
    return dayOf(this.#clock.nowMicros()) !== this.#day;
  }

  /** Goes on to the file of the present day. */
  async rollOver(): Promise<void> {
    this.write();
    await this.#openDay(dayOf(this.#clock.nowMicros()));
  }

  /**
   * The last `lineCount` lines of all days, or all lines, as of the moment of the call. LC_LIMIT if that is more than can be
   * handed out at once.
   */
  async read(lineCount: number = Infinity): Promise<string> {
    this.write();
    const present = fileOf(this.#day);
    const presentSize = this.#size;
    const names = await this.#disk.list(directory);
    let lines: string[] = [];
    for (const name of names.reverse()) {
      if (lines.length >= lineCount) break;
      const size = name === present ? presentSize : undefined;
      lines = [...(await this.#readTail(name, size, lineCount - lines.length)), ...lines];
    }
    return lines.map((line) => `${line}\n`).join("");
  }

  /** The last lines of one file, of which the first `size` bytes count. */
  async #readTail(name: string, size: number | undefined, wanted: number): Promise<string[]> {
    const file = await this.#disk.open(`${directory}/${name}`, "read");
    try {
      const end = size ?? (await file.size());
      for (let length = wanted === Infinity ? end : tailBytes; ; length *= 4) {
        const bytes = new Uint8Array(Math.min(end, length));
        if (bytes.length > readBytesMax) {
          throw new LightconeError("LC_LIMIT", "the module's log is too long: ask for fewer lines");
        }
        await file.read(end - bytes.length, bytes, 0, bytes.length);
        const lines = lossyUtf8.decode(bytes).split("\n");
        const whole = lines.filter((line) => line !== "");
        // The first line may have been cut off, unless the file begins with it.
        if (bytes.length === end || whole.length > wanted) return whole.slice(-wanted);
      }
    } finally {
      await file.close();
    }
  }

  /** Calls `follow` with each line from now on; returns what ends that. */
  follow(follow: (text: string) => void): () => void {
    this.#followers.add(follow);
    return () => this.#followers.delete(follow);
  }

  async close(): Promise<void> {
    this.write();
    await this.#file?.close();
    this.#file = undefined;
  }
}
