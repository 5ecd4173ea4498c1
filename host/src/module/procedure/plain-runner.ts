// Runs guests that cannot wait, because they import nothing that does.
import { InvariantError } from "@lightcone/abi";
import { type RunEnd, type Runner, runToEnd } from "./runner.ts";

export class PlainRunner implements Runner {
  run(enter: () => number, ended: (end: RunEnd) => void): void {
    ended(runToEnd(enter));
  }

  wait(): never {
    throw new InvariantError("a guest waits in an import that it does not have");
  }

  cancel(): void {
    // Nothing ever waits.
  }
}
