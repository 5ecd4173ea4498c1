// What happens instead of AssemblyScript's `abort`: a failed assert, `throw` or a fault of the runtime
// leaves a record of its text, file and line in the log, then the instance traps and the call is rolled
// back. Nothing is allocated, as the memory may be what is at fault.
import * as sys from "./sys";

const panicLevel: u32 = 101;
const utf8BytesPerUnitMax = 3;

const fileUnitsMax = 256;
const fileBytes: usize = memory.data(fileUnitsMax * utf8BytesPerUnitMax);

/** A longer text is cut. */
const messageUnitsMax = 2048;
const messageBytes: usize = memory.data(messageUnitsMax * utf8BytesPerUnitMax);

/** Has the signature of `abort`, in whose place the build puts it. */
export function panic(
  message: string | null = null,
  file: string | null = null,
  line: u32 = 0xffffffff,
  column: u32 = 0,
): void {
  const text = message ? message : "assertion failed";
  const messageLength = encode(text, messageUnitsMax, messageBytes);
  const fileLength = file ? encode(file, fileUnitsMax, fileBytes) : 0;
  const fileAt = fileLength == 0 ? 0 : <u32>fileBytes;
  sys.console_log(panicLevel, 0, 0, fileAt, fileLength, line, <u32>messageBytes, messageLength);
  unreachable();
}

function encode(text: string, unitsMax: i32, at: usize): u32 {
  return <u32>(
    String.UTF8.encodeUnsafe(
      changetype<usize>(text),
      min(text.length, unitsMax),
      at,
      false,
      String.UTF8.ErrorMode.REPLACE,
    )
  );
}
