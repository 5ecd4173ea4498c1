// Where the files of this package lie, seen from its compiled code.
import { fileURLToPath } from "node:url";

function inPackage(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** The folder of the package. */
export const packageFolder: string = inPackage("");

/** The declarations of the host's functions, which are generated. */
export const sysPath: string = inPackage("assembly/sys.ts");
