// `lightcone list`: the databases that the caller owns.
import { present } from "@lightcone/abi";
import { Option, type Usage } from "../clipanion.ts";
import { identityOfToken } from "../credentials.ts";
import { ServerCommand } from "./base.ts";

interface DeletedDatabase {
  readonly identity: string;
  readonly names: readonly string[];
  readonly seconds_left: number;
}

export class ListCommand extends ServerCommand {
  static override paths: string[][] = [["list"]];
  static override usage: Usage = {
    category: "Databases",
    description: "list the databases you own",
    examples: [["Identities of all your databases", "$0 list --json | jq '.[].identity'"]],
  };

  readonly asJson: boolean = Option.Boolean("--json", false, { description: "print them as JSON" });

  readonly isDeleted: boolean = Option.Boolean("--deleted", false, {
    description: "list those that you deleted and can bring back",
  });

  async run(): Promise<void> {
    if (this.isDeleted) await this.#listDeleted();
    else await this.#listLive();
  }

  async #listDeleted(): Promise<void> {
    const { output } = this;
    const api = await this.api("needed");
    const { deleted } = JSON.parse(await api.deleted()) as { deleted: DeletedDatabase[] };
    if (this.asJson) {
      output.json(deleted);
      return;
    }
    output.table(
      [{ title: "name" }, { title: "identity" }, { title: "hours left" }],
      deleted.map(({ names, identity, seconds_left }) => [
        names.join(", ") || "-",
        identity,
        (seconds_left / 3600).toFixed(1),
      ]),
    );
  }

  async #listLive(): Promise<void> {
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
