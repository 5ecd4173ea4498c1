// `lightcone list`: the databases that the caller owns.
import { present } from "@lightcone/abi";
import { Option, type Usage } from "../clipanion.ts";
import { identityOfToken } from "../credentials.ts";
import { ServerCommand } from "./base.ts";

export class ListCommand extends ServerCommand {
  static override paths: string[][] = [["list"]];
  static override usage: Usage = {
    category: "Databases",
    description: "list the databases you own",
    examples: [["Identities of all your databases", "$0 list --json | jq '.[].identity'"]],
  };

  readonly asJson: boolean = Option.Boolean("--json", false, { description: "print them as JSON" });

  async run(): Promise<void> {
    const { output } = this;
    const address = this.address();
    const api = await this.api("needed");
    const token = present(api.token, "a needed token is there");
    const identities = await api.databasesOf(identityOfToken(token));
    const databases = await Promise.all(
      identities.map(async (identity) => ({ identity, names: await api.namesOf(identity) })),
    );
    if (this.asJson) {
      output.json(databases);
    } else if (databases.length === 0) {
      output.note(
        `You have no databases on ${address.label}. Make one with \`lightcone publish\`.`,
      );
    } else {
      output.table(
        [{ title: "name" }, { title: "identity" }],
        databases.map(({ names, identity }) => [names.join(", ") || "-", identity]),
      );
    }
  }
}
