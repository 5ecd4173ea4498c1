// Files of an operator's, named by flags and read as a whole: keys and certificates.
import { readFile, stat } from "node:fs/promises";
import { LightconeError, messageOf } from "@lightcone/abi";

/** Longer ones are none: a chain of certificates has a few kilobytes. */
const textBytesMax = 1024 * 1024;

/** The text of a file. LC_CONFIG, naming the flag, if it cannot be read or is no text of that kind. */
export async function readOperatorFile(path: string, flag: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > textBytesMax) throw new Error(`it is longer than ${textBytesMax} bytes`);
    return await readFile(path, "utf8");
  } catch (thrown) {
    throw new LightconeError("LC_CONFIG", `${flag} ${path} cannot be read: ${messageOf(thrown)}`);
  }
}

/** Whether others than its owner may read or write a file. Always false where files have no modes. */
export async function isOpenToOthers(path: string): Promise<boolean> {
  if (process.platform === "win32") return false;
  const { mode } = await stat(path);
  return (mode & 0o077) !== 0;
}
