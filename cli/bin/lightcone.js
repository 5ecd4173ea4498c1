#!/usr/bin/env node
// The command as npm links it. It is plain JavaScript, not compiled, because npm makes that link
// at install time, when a fresh clone has no dist folder yet.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = new URL("../dist/src/main.js", import.meta.url);
if (existsSync(fileURLToPath(main))) {
  await import(main.href);
} else {
  console.error(
    "lightcone: this clone has not been compiled yet. Run `npm run build`, then try again.",
  );
  process.exitCode = 1;
}
