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

/** Of one line; what is longer is cut, and says so. */
const messageLengthMax = 64 * 1024;

/** The JSON of one line, fields in the reference's order. */
export function formatLogLine(record: LogRecord, micros: bigint): string {
  const { message } = record;
  return JSON.stringify({
    level: record.level,
    ts: Number(micros),
    target: record.target,
    filename: record.filename,
    line_number: record.lineNumber,
    function: record.functionName,
    message:
      message.length > messageLengthMax ? `${message.slice(0, messageLengthMax)}… (cut)` : message,
    trace: record.trace?.map((name) => ({ func_name: name })),
  });
}

/** A record that the host itself writes. */
export function hostRecord(level: LogRecord["level"], message: string): LogRecord {
  const own = "__spacetimedb__";
  return { level, message, target: own, filename: own, functionName: own };
}

function dayOf(micros: bigint): string {
  return new Timestamp(micros).toDate().toISOString().slice(0, "yyyy-mm-dd".length);
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
    const path = `${directory}/${day}.log`;
    const isThere = await this.#disk.exists(path);
    const file = await this.#disk.open(path, isThere ? "write" : "create");
    const size = await file.size();
    await this.#file?.close();
    this.#file = file;
    this.#size = size;
    this.#day = day;
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

  /** The last `lineCount` lines of all days, or all lines. */
  async read(lineCount: number | undefined): Promise<string> {
    this.write();
    const names = await this.#disk.list(directory);
    let text = "";
    for (const name of names.reverse()) {
      text = lossyUtf8.decode(await this.#disk.readFile(`${directory}/${name}`)) + text;
      if (lineCount !== undefined && text.split("\n").length > lineCount) break;
    }
    if (lineCount === undefined) return text;
    const lines = text.split("\n").filter((line) => line !== "");
    return lines
      .slice(Math.max(0, lines.length - lineCount))
      .map((line) => `${line}\n`)
      .join("");
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
