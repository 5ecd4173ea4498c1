// `lightcone login`, `login show`, `logout`, `identity`: who the caller is on which server.
import { Option, type Usage } from "../clipanion.ts";
import { type Config, updateConfig } from "../config.ts";
import { confirm } from "../confirm.ts";
import { identityOfToken, obtainToken, withoutToken, withToken } from "../credentials.ts";
import { CommandError } from "../exit.ts";
import { resolveServer, type ServerAddress } from "../server-address.ts";
import { version } from "../version.ts";
import { LightconeCommand, ServerCommand, yesFlag } from "./base.ts";

const category = "Identity";

export class LoginCommand extends ServerCommand {
  static override paths: string[][] = [["login"]];
  static override usage: Usage = {
    category,
    description: "get an identity from a server, or use a token you have",
    details: `
      One token is kept for each server, and sent to that one alone. Without \`--token\` the
      server makes a new identity, unless there is one already.
    `,
    examples: [
      ["A new identity from the default server", "$0 login"],
      [
        "With a token of an identity provider",
        "$0 login --server https://example.com --token TOKEN",
      ],
    ],
  };

  readonly token: string | undefined = Option.String("--token", {
    description: "keep this token instead; it replaces the one kept before",
  });
  readonly issuer: string | undefined = Option.String("--server-issued-login", {
    description: "the server that makes the identity; the same as --server",
  });

  async run(): Promise<void> {
    const { output, token } = this;
    if (this.issuer !== undefined && this.server !== undefined) {
      throw new CommandError(
        "usage",
        "--server-issued-login and --server exclude each other",
        "Give one of them.",
      );
    }
    const config = this.loadConfig();
    const address = resolveServer(config, this.issuer ?? this.server);
    if (token !== undefined) {
      const identity = identityOfToken(token);
      updateConfig(this.configPath, (fresh) => withToken(fresh, address.url, token));
      output.line(identity);
      output.note(`Logged in to ${address.label}, kept in ${this.configPath}.`);
      return;
    }
    const held = config.tokens.get(address.url);
    const obtained = held ?? (await obtainToken(this.configPath, address, version));
    output.line(identityOfToken(obtained));
    output.note(
      held === undefined
        ? `Logged in to ${address.label} with a new identity, kept in ${this.configPath}.`
        : `You are logged in to ${address.label} already; for another identity log out first.`,
    );
  }
}

export class LoginShowCommand extends ServerCommand {
  static override paths: string[][] = [["login", "show"]];
  static override usage: Usage = {
    category,
    description: "print the identity you have on a server, or its token",
    details: "Whoever has the token is you: treat it like a password.",
    examples: [["Keep a copy of the token", "$0 login show --token > token.txt"]],
  };

  readonly showToken: boolean = Option.Boolean("--token", false, {
    description: "print the token",
  });

  run(): Promise<void> {
    const token = heldToken(this.loadConfig(), this.address());
    this.output.line(this.showToken ? token : identityOfToken(token));
    return Promise.resolve();
  }
}

export class LogoutCommand extends ServerCommand {
  static override paths: string[][] = [["logout"]];
  static override usage: Usage = {
    category,
    description: "forget the token kept for a server",
    details: `
      An identity that a server made cannot be had again without its token, nor its databases be
      changed: copy the token first, with \`lightcone login show --token\`, if you may need it.
    `,
  };

  readonly yes: boolean = yesFlag();

  async run(): Promise<void> {
    const { context, output } = this;
    const address = this.address();
    const identity = identityOfToken(heldToken(this.loadConfig(), address));
    const question = `Forget the token of ${identity} on ${address.label}? Nobody can restore it.`;
    // A script that logs out means it; a person may not know what a token is worth.
    await confirm(context, question, this.yes || !context.isInteractive);
    updateConfig(this.configPath, (fresh) => withoutToken(fresh, address.url));
    output.note(`Logged out of ${address.label}.`);
  }
}

export class IdentityCommand extends LightconeCommand {
  static override paths: string[][] = [["identity"]];
  static override usage: Usage = {
    category,
    description: "list the identities you have, server by server",
    examples: [["For a script", "$0 identity --json"]],
  };

  readonly asJson: boolean = Option.Boolean("--json", false, { description: "print them as JSON" });

  run(): Promise<void> {
    const { output } = this;
    const config = this.loadConfig();
    const identities = [...config.tokens].map(([url, token]) => ({
      server: resolveServer(config, url).label,
      url,
      identity: identityOfToken(token),
    }));
    if (this.asJson) output.json(identities);
    else if (identities.length === 0)
      output.note("You have no identity yet. Get one with `lightcone login`.");
    else {
      output.table(
        [{ title: "server" }, { title: "identity" }],
        identities.map(({ server, identity }) => [server, identity]),
      );
    }
    return Promise.resolve();
  }
}

function heldToken(config: Config, { url, label }: ServerAddress): string {
  const token = config.tokens.get(url);
  if (token !== undefined) return token;
  throw new CommandError(
    "forbidden",
    `not logged in to ${label}`,
    `Log in with \`lightcone login --server ${label}\`.`,
  );
}
