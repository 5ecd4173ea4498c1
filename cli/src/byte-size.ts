// Amounts of memory as people type them: 512MiB, 1GiB.
import { CommandError } from "./exit.ts";

const bytesPerUnit: Readonly<Record<string, number>> = { MiB: 2 ** 20, GiB: 2 ** 30 };

/** The bytes of a number with a unit; `flag` is named in the error. */
export function parseByteSize(text: string, flag: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(MiB|GiB)$/.exec(text) ?? [];
  const bytes = Math.round(Number(digits) * (bytesPerUnit[unit ?? ""] ?? Number.NaN));
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw new CommandError(
    "usage",
    `${flag} ${text}: this is no amount of memory`,
    "Write a number above zero with its unit: 512MiB or 1GiB.",
  );
}
