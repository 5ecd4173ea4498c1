// Imports of the module's log (abi.md section 5.7).
import { Errno } from "@lightcone/abi";
import type { CallContext, LogLevel } from "../context.ts";
import type { ImportFunctions } from "./link.ts";

const levels: readonly LogLevel[] = ["Error", "Warn", "Info", "Debug", "Trace"];
const panicLevel = 101;
const noLine = 0xffffffff;
/** Timers that a module may have running; with one more the oldest is forgotten. */
const timerCountMax = 1000;
const ok = 0;
const lossyUtf8 = new TextDecoder();

/** Of one text: no less than a line keeps. */
const textBytesMax = 256 * 1024;

/** Of the name of a timer, which is kept until it ends. */
const timerNameBytesMax = 1024;

/** Text in guest memory, or undefined where the pointer is bad: a log line never ends a call. */
function readText(
  context: CallContext,
  pointer: number,
  length: number,
  bytesMax = textBytesMax,
): string | undefined {
  const start = pointer >>> 0;
  const end = start + (length >>> 0);
  const bytes = context.memory.bytes();
  if (start === 0 || end > bytes.length) return undefined;
  return lossyUtf8.decode(bytes.subarray(start, Math.min(end, start + bytesMax)));
}

function levelOf(code: number): LogLevel {
  const low = code & 0xff;
  return low === panicLevel ? "Panic" : (levels[low] ?? "Debug");
}

/** A duration as Rust prints it: `1.5ms`. */
function showDuration(millis: number): string {
  const micros = millis * 1000;
  if (micros < 1) return `${Number((micros * 1000).toFixed(0))}ns`;
  if (millis < 1) return `${Number(micros.toFixed(3))}µs`;
  return millis < 1000
    ? `${Number(millis.toFixed(6))}ms`
    : `${Number((millis / 1000).toFixed(9))}s`;
}

/** `console_log` and timers. */
export function consoleImports(context: CallContext): ImportFunctions {
  let lastTimer = 0;
  return {
    console_log(
      level: number,
      target: number,
      targetLength: number,
      filename: number,
      filenameLength: number,
      line: number,
      message: number,
      messageLength: number,
    ): void {
      const text = readText(context, message, messageLength);
      if (text === undefined) return;
      context.worked(1, text.length);
      const name = levelOf(level);
      const targetText = target === 0 ? undefined : readText(context, target, targetLength);
      const fileText = filename === 0 ? undefined : readText(context, filename, filenameLength);
      context.environment.log({
        level: name,
        message: text,
        functionName: context.functionName,
        ...(targetText === undefined ? {} : { target: targetText }),
        ...(fileText === undefined ? {} : { filename: fileText }),
        ...(line >>> 0 === noLine ? {} : { lineNumber: line >>> 0 }),
        ...(name === "Panic" ? { trace: context.trace(new Error("trace").stack) } : {}),
      });
    },
    console_timer_start(name: number, nameLength: number): number {
      const startMillis = context.environment.clock.nowMillis();
      if (context.timers.size === timerCountMax) {
        const [oldest] = context.timers.keys();
        context.timers.delete(oldest as number);
      }
      context.timers.set(++lastTimer, {
        name: readText(context, name, nameLength, timerNameBytesMax) ?? "",
        startMillis,
      });
      return lastTimer;
    },
    console_timer_end(timer: number): number {
      const started = context.timers.get(timer >>> 0);
      if (started === undefined) return Errno.noSuchConsoleTimer;
      context.timers.delete(timer >>> 0);
      const millis = context.environment.clock.nowMillis() - started.startMillis;
      context.environment.log({
        level: "Info",
        message: `Timing span "${started.name}": ${showDuration(millis)}`,
        functionName: context.functionName,
      });
      return ok;
    },
  };
}
