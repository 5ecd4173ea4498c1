// `lightcone auth-policy`: whose tokens a database takes.
import { Option, type Usage } from "../clipanion.ts";
import { CommandError } from "../exit.ts";
import { ServerCommand } from "./base.ts";

export class AuthPolicyCommand extends ServerCommand {
  static override paths: string[][] = [["auth-policy"]];
  static override usage: Usage = {
    category: "Databases",
    description: "show or set whose tokens a database takes",
    details: `
      With a flag that sets something the whole policy is replaced. It holds for requests and
      connections to come. The owner is let in whatever it says.
    `,
    examples: [
      [
        "Only people of one identity provider",
        "$0 auth-policy chat --issuer https://id.example.com",
      ],
      ["The server's own policy again", "$0 auth-policy chat --clear"],
    ],
  };

  readonly database: string = Option.String({ name: "DB" });
  readonly issuers: string[] | undefined = Option.Array("--issuer", {
    description: "take tokens of this issuer, as in their iss, and of no others; may be repeated",
  });
  readonly audiences: string[] | undefined = Option.Array("--audience", {
    description: "take tokens for this audience, and for no others; may be repeated",
  });
  readonly noAnonymous: boolean = Option.Boolean("--no-anonymous", false, {
    description: "take no identities that the server gives to anybody",
  });
  readonly clear: boolean = Option.Boolean("--clear", false, {
    description: "drop the database's policy: that of the server holds",
  });
  readonly asJson: boolean = Option.Boolean("--json", false, { description: "print it as JSON" });

  async run(): Promise<void> {
    const { output, issuers = [], audiences = [], noAnonymous, database } = this;
    const isSet = issuers.length > 0 || audiences.length > 0 || noAnonymous;
    if (isSet && this.clear) {
      throw new CommandError("usage", "--clear leaves nothing to set", "Give it alone.");
    }
    const api = await this.api("needed");
    const policy = isSet
      ? await api.setAuthPolicy(database, { issuers, audiences, anonymous: !noAnonymous })
      : await api.authPolicy(database, this.clear ? "DELETE" : "GET");
    if (this.asJson) {
      output.json(policy);
      return;
    }
    const anyOr = (list: readonly string[]): string =>
      list.length === 0 ? "any" : list.join(", ");
    output.line(`issuers:   ${anyOr(policy.issuers)}`);
    output.line(`audiences: ${anyOr(policy.audiences)}`);
    output.line(`anonymous: ${policy.anonymous ? "yes" : "no"}`);
    if (policy.inherited) output.note("This is the server's policy: the database has none.");
  }
}
