// Records in the database's log. The compiler transform adds the file and line of each call.
import { Writer } from "./bytes/writer";
import * as sys from "./sys";

/** The numbers of the levels in the ABI. */
const enum Level {
  Error,
  Warn,
  Info,
  Debug,
  Trace,
}

/** Says that a record has no line. */
const lineAbsent: u32 = 0xffffffff;

/** A buffer that one long text made larger than this is not kept. */
const keptBytesMax: i32 = 16 * 1024;

let scratch: Writer = new Writer(256);

/** A span that is being measured; the host writes it to the log when it ends. */
export class LogTimer {
  constructor(private id: u32) {}

  /** Ends the span, at the first call. */
  end(): void {
    if (this.id == 0) return;
    sys.console_timer_end(this.id);
    this.id = 0;
  }
}

export namespace log {
  export function error(text: string, file: string = "", line: u32 = lineAbsent): void {
    record(Level.Error, text, file, line);
  }
  export function warn(text: string, file: string = "", line: u32 = lineAbsent): void {
    record(Level.Warn, text, file, line);
  }
  export function info(text: string, file: string = "", line: u32 = lineAbsent): void {
    record(Level.Info, text, file, line);
  }
  export function debug(text: string, file: string = "", line: u32 = lineAbsent): void {
    record(Level.Debug, text, file, line);
  }
  export function trace(text: string, file: string = "", line: u32 = lineAbsent): void {
    record(Level.Trace, text, file, line);
  }

  /** Measures from now until `end()` of what it returns: `Timing span "name": 1.5ms`. */
  export function timer(name: string): LogTimer {
    scratch.clear();
    scratch.text(name);
    const timer = new LogTimer(sys.console_timer_start(<u32>scratch.pointer, scratch.length));
    boundScratch();
    return timer;
  }
}

function record(level: Level, text: string, file: string, line: u32): void {
  scratch.clear();
  scratch.text(text);
  const textBytes = scratch.length;
  scratch.text(file);
  const fileBytes = scratch.length - textBytes;
  // Only now: what is written may move the buffer.
  const at = <u32>scratch.pointer;
  const fileAt = fileBytes == 0 ? 0 : at + textBytes;
  sys.console_log(level, 0, 0, fileAt, fileBytes, line, at, textBytes);
  boundScratch();
}

function boundScratch(): void {
  if (scratch.capacity > keptBytesMax) scratch = new Writer(256);
}
