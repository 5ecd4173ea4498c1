// The program behind `npm run sys`: writes assembly/sys.ts anew.
import { writeFileSync } from "node:fs";
import { sysPath } from "./paths.ts";
import { sysSource } from "./sys.ts";

writeFileSync(sysPath, sysSource());
