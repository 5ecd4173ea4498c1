// `lightcone delete` and `lightcone undelete`: a database and all its data, out of sight and back.
import { Option, type Usage } from "../clipanion.ts";
import { confirm } from "../confirm.ts";
import { ServerCommand, yesFlag } from "./base.ts";

export class DeleteCommand extends ServerCommand {
  static override paths: string[][] = [["delete"]];
  static override usage: Usage = {
    category: "Databases",
    description: "delete a database with all its data",
    details: `
      Only its owner may do that. For a day, or what the server's --delete-grace says, \`lightcone
      undelete\` brings it back, and its names are kept for you.
    `,
    examples: [
      ["Without being asked", "$0 delete chat --yes"],
      ["For good, also after a deletion that was not", "$0 delete chat --purge"],
    ],
  };

  readonly database: string = Option.String({ name: "DB" });
  readonly yes: boolean = yesFlag();
  readonly purge: boolean = Option.Boolean("--purge", false, {
    description: "delete it for good: nothing brings it back",
  });

  async run(): Promise<void> {
    const { label } = this.address();
    const end = this.purge ? "for good" : "with all its data";
    await confirm(this.context, `Delete ${this.database} on ${label} ${end}?`, this.yes);
    const api = await this.api("needed");
    await api.remove(this.database, this.purge);
    this.output.note(`${this.database} is deleted.`);
  }
}

export class UndeleteCommand extends ServerCommand {
  static override paths: string[][] = [["undelete"]];
  static override usage: Usage = {
    category: "Databases",
    description: "bring a deleted database back",
    details: `
      Only its owner may do that, and only for a while. It comes back with its data and with those
      of its names that you have not given to another since; then name it by its identity.
    `,
    examples: [
      ["By its name", "$0 undelete chat"],
      ["What there is to bring back", "$0 list --deleted"],
    ],
  };

  readonly database: string = Option.String({ name: "DB" });

  async run(): Promise<void> {
    const api = await this.api("needed");
    await api.manage("POST", this.database, "/undelete");
    this.output.note(`${this.database} is back.`);
  }
}
