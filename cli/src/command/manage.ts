// Looking after a database: its versions, its guard, its name, and who else may do something with it.
import { isEnum, Option, type Usage } from "../clipanion.ts";
import { ServerCommand } from "./base.ts";

const category = "Databases";

interface Version {
  readonly number: number;
  readonly program_hash: string;
  readonly at_micros: number;
  readonly by: string;
  readonly cause: string;
}

export class VersionsCommand extends ServerCommand {
  static override paths: string[][] = [["versions"]];
  static override usage: Usage = {
    category,
    description: "list the programs that a database has had",
    examples: [["When the last one came", "$0 versions chat --json | jq '.[-1]'"]],
  };

  readonly database: string = Option.String({ name: "DB" });
  readonly asJson: boolean = Option.Boolean("--json", false, { description: "print them as JSON" });

  async run(): Promise<void> {
    const api = await this.api("needed");
    const text = await api.manage("GET", this.database, "/versions");
    const { versions } = JSON.parse(text) as { versions: Version[] };
    if (this.asJson) {
      this.output.json(versions);
      return;
    }
    this.output.table(
      [{ title: "#" }, { title: "when" }, { title: "what" }, { title: "program" }, { title: "by" }],
      versions.map(({ number, at_micros, cause, program_hash, by }) => [
        String(number),
        new Date(at_micros / 1000).toISOString(),
        cause,
        program_hash,
        by,
      ]),
    );
  }
}

export class LockCommand extends ServerCommand {
  static override paths: string[][] = [["lock"]];
  static override usage: Usage = {
    category,
    description: "guard a database against deletion and the loss of its data",
    examples: [["Before a holiday", "$0 lock chat"]],
  };

  readonly database: string = Option.String({ name: "DB" });

  async run(): Promise<void> {
    const api = await this.api("needed");
    await api.manage("POST", this.database, "/lock");
    this.output.note(`${this.database} is locked.`);
  }
}

export class UnlockCommand extends ServerCommand {
  static override paths: string[][] = [["unlock"]];
  static override usage: Usage = {
    category,
    description: "end that guard",
    examples: [["To delete it", "$0 unlock chat"]],
  };

  readonly database: string = Option.String({ name: "DB" });

  async run(): Promise<void> {
    const api = await this.api("needed");
    await api.manage("POST", this.database, "/unlock");
    this.output.note(`${this.database} is unlocked.`);
  }
}

export class RenameCommand extends ServerCommand {
  static override paths: string[][] = [["rename"]];
  static override usage: Usage = {
    category,
    description: "give a database another name in place of all it has",
    examples: [["A new name", "$0 rename chat talk"]],
  };

  readonly database: string = Option.String({ name: "DB" });
  readonly name: string = Option.String({ name: "NAME" });

  async run(): Promise<void> {
    const api = await this.api("needed");
    await api.manage("PUT", this.database, "/names", { body: JSON.stringify([this.name]) });
    this.output.note(`${this.database} is ${this.name} now.`);
  }
}

const roles = ["viewer", "developer"] as const;

export class GrantCommand extends ServerCommand {
  static override paths: string[][] = [["grant"]];
  static override usage: Usage = {
    category,
    description: "let somebody else look after a database with you",
    details: `
      A viewer may read the module's log, its versions and who has which role; a developer may also
      publish. Private tables, and all that can lose data, stay yours.
    `,
    examples: [["A colleague who publishes", "$0 grant chat c200…7e --role developer"]],
  };

  readonly database: string = Option.String({ name: "DB" });
  readonly identity: string = Option.String({ name: "IDENTITY" });
  readonly role: (typeof roles)[number] = Option.String("--role", {
    required: true,
    validator: isEnum(roles),
    description: "viewer or developer, in place of the role before",
  });

  async run(): Promise<void> {
    const api = await this.api("needed");
    const route = `/grants/${encodeURIComponent(this.identity)}`;
    await api.manage("PUT", this.database, route, { query: { role: this.role } });
    this.output.note(`${this.identity} is a ${this.role} of ${this.database} now.`);
  }
}

export class RevokeCommand extends ServerCommand {
  static override paths: string[][] = [["revoke"]];
  static override usage: Usage = {
    category,
    description: "take somebody's role in a database",
    examples: [["Who has left", "$0 revoke chat c200…7e"]],
  };

  readonly database: string = Option.String({ name: "DB" });
  readonly identity: string = Option.String({ name: "IDENTITY" });

  async run(): Promise<void> {
    const api = await this.api("needed");
    await api.manage("DELETE", this.database, `/grants/${encodeURIComponent(this.identity)}`);
    this.output.note(`${this.identity} has no role in ${this.database} any more.`);
  }
}
