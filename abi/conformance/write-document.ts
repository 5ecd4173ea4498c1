// The program behind `npm run abi-doc`: writes abi/ABI.md anew.
import { writeFileSync } from "node:fs";
import { documentPath, currentDocument } from "./document-file.ts";

writeFileSync(documentPath, currentDocument());
