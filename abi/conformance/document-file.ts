// Where ABI.md and its template are, and what ABI.md must be now.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { makeDocument } from "./document.ts";
import { groups } from "./groups.ts";

/** From abi/dist/conformance. */
const workspace = new URL("../../", import.meta.url);

export const documentPath: string = fileURLToPath(new URL("ABI.md", workspace));

export function currentDocument(): string {
  const template = readFileSync(new URL("conformance/doc/abi.md", workspace), "utf8");
  return makeDocument(
    template,
    groups.flatMap(({ rules }) => rules),
  );
}
