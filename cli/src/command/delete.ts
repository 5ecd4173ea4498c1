// `lightcone delete`: a database and all its data, for good.
import { Option, type Usage } from "../clipanion.ts";
import { confirm } from "../confirm.ts";
import { ServerCommand, yesFlag } from "./base.ts";

export class DeleteCommand extends ServerCommand {
  static override paths: string[][] = [["delete"]];
  static override usage: Usage = {
    category: "Databases",
    description: "delete a database with all its data",
    details: "Only its owner may do that. Nothing brings the data back.",
    examples: [["Without being asked", "$0 delete chat --yes"]],
  };

  readonly database: string = Option.String({ name: "DB" });
  readonly yes: boolean = yesFlag();

  async run(): Promise<void> {
    const { label } = this.address();
    await confirm(this.context, `Delete ${this.database} on ${label} with all its data?`, this.yes);
    const api = await this.api("needed");
    await api.remove(this.database);
    this.output.note(`${this.database} is deleted.`);
  }
}
