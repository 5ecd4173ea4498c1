// The program behind `npm run conformance`.
import { runMain } from "./main.ts";

process.exitCode = await runMain(process.argv.slice(2), (line) => {
  console.log(line);
});
