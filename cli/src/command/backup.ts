// `lightcone backup` and `lightcone restore`: a database into a file while it runs, and a new one
// from it.
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { messageOf } from "@lightcone/abi";
import { Option, type Usage } from "../clipanion.ts";
import { CommandError } from "../exit.ts";
import { ServerCommand } from "./base.ts";

export class BackupCommand extends ServerCommand {
  static override paths: string[][] = [["backup"]];
  static override usage: Usage = {
    category: "Databases",
    description: "copy a database into a file while it runs",
    details: `
      Only the owner of a database may do that. The file holds all that was committed before, with the
      program and the whole history; the server's keys are not in it. It appears under its name once
      it is complete.
    `,
    examples: [["Into a file", "$0 backup chat chat.backup"]],
  };

  readonly database: string = Option.String({ name: "DB" });
  readonly file: string = Option.String({ name: "FILE" });

  async run(): Promise<void> {
    const path = resolve(this.context.workingFolder, this.file);
    if (existsSync(path)) {
      throw new CommandError("usage", `${this.file} is there already`, "Name another file.");
    }
    const api = await this.api("needed");
    const partial = `${path}.part`;
    try {
      const target = createWriteStream(partial, { flags: "wx", mode: 0o600, flush: true });
      await pipeline(api.backup(this.database), target);
      await rename(partial, path);
    } catch (thrown) {
      if (!isTaken(thrown)) await rm(partial, { force: true });
      throw fileFailure(thrown);
    }
    const { size } = await stat(path);
    this.output.note(`${this.database} is in ${this.file}: ${size} bytes.`);
  }
}

export class RestoreCommand extends ServerCommand {
  static override paths: string[][] = [["restore"]];
  static override usage: Usage = {
    category: "Databases",
    description: "make a new database of a backup",
    details: `
      The new database has the rows, the program and the history of the backup, an identity of its
      own, and you as its owner. NAME must be free. A backup that does not arrive whole, or does not
      open, leaves nothing behind.
    `,
    examples: [["Beside the original", "$0 restore chat.backup chat-yesterday"]],
  };

  readonly file: string = Option.String({ name: "FILE" });
  readonly database: string = Option.String({ name: "NAME" });
  readonly asJson: boolean = Option.Boolean("--json", false, {
    description: "print the result as JSON",
  });

  async run(): Promise<void> {
    const { output, database: name } = this;
    const path = resolve(this.context.workingFolder, this.file);
    const bytes = await sizeOf(path);
    const api = await this.api("needed");
    const identity = await api.restore(name, { bytes, pieces: piecesOf(path) });
    if (this.asJson) output.json({ name, identity, op: "restored" });
    else output.line(`restored ${name} ${identity}`);
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    throw fileFailure(thrown);
  }
}

async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of createReadStream(path)) yield piece as Uint8Array;
  } catch (thrown) {
    throw fileFailure(thrown);
  }
}

function isTaken(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException).code === "EEXIST";
}

/** What the system says of a file; anything else passes unchanged. */
function fileFailure(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || (thrown as NodeJS.ErrnoException).syscall === undefined) {
    return thrown;
  }
  return new CommandError("refused", messageOf(thrown), "Check the file's path, rights and room.");
}
