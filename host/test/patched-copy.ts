// A compiled host with one piece of text replaced, in a folder of its own: a known fault, by which a random test shows that it would
// notice an unknown one. The host itself has no switches.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Patch {
  /** Below `host/dist/src`. */
  readonly file: string;
  /** What is there, exactly once. */
  readonly from: string;
  readonly to: string;
}

export interface PatchedCopy {
  readonly folder: string;
  /** Takes the folder away. */
  readonly remove: () => void;
}

// Copies lie below dist, so that packages are found from there.
const dist = fileURLToPath(new URL("../", import.meta.url));

/** Copies some folders of `host/dist/src`, one file patched. Throws if the text is not there: then the patch is out of date. */
export function makePatchedCopy(
  name: string,
  { file, from, to }: Patch,
  folders: readonly string[],
): PatchedCopy {
  const folder = mkdtempSync(join(dist, `mutant-${name}-`));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    for (const each of folders) {
      cpSync(join(dist, "src", each), join(folder, each), {
        recursive: true,
        filter: (path) => !/\.(?:map|ts)$|\.test\.js$/.test(path),
      });
    }
    const path = join(folder, file);
    const parts = readFileSync(path, "utf8").split(from);
    if (parts.length !== 2) {
      throw new Error(`${file} holds the text that ${name} replaces ${parts.length - 1} times`);
    }
    writeFileSync(path, parts.join(to));
    return { folder, remove };
  } catch (thrown) {
    remove();
    throw thrown;
  }
}
