// `lightcone server rotate-keys`: a new key to sign tokens with.
import { resolve } from "node:path";
import { Option, type Usage } from "../clipanion.ts";
import { defaultDataDir } from "../config.ts";
import { LightconeCommand } from "./base.ts";

export class ServerRotateKeysCommand extends LightconeCommand {
  static override paths: string[][] = [["server", "rotate-keys"]];
  static override usage: Usage = {
    category: "Run a server",
    description: "give a stopped server a new key to sign tokens with",
    details: `
      Tokens that it has issued stay good: the former public key is kept in keys/previous. Remove
      it there, and start the server again, to void them.
    `,
  };

  readonly dataDir: string | undefined = Option.String("--data-dir", {
    description: "the data directory (default: ~/.local/share/lightcone)",
  });

  async run(): Promise<void> {
    const { context, dataDir } = this;
    const path =
      dataDir === undefined ? defaultDataDir(context) : resolve(context.workingFolder, dataDir);
    const { rotateSigningKeys } = await context.loadHost();
    await rotateSigningKeys(path);
    this.output.note(`${path} has a new signing key. The former public key is in keys/previous.`);
  }
}
