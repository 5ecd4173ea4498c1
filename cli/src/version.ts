// The version of this command, from its package.json.
import { readFileSync } from "node:fs";

interface Manifest {
  readonly version: string;
}

// From dist/src, where the compiled file lies.
const manifestUrl = new URL("../../package.json", import.meta.url);

export const version: string = (JSON.parse(readFileSync(manifestUrl, "utf8")) as Manifest).version;
