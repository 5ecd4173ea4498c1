// `lightcone login`, `login show`, `logout`, `identity`: who the caller is on which server.
import { cascade, isAtLeast, isInteger, isNumber, Option, type Usage } from "../clipanion.ts";
import { type Config, updateConfig } from "../config.ts";
import { confirm } from "../confirm.ts";
import { identityOfToken, obtainToken, withoutToken, withToken } from "../credentials.ts";
import { CommandError } from "../exit.ts";
import { logInByDevice } from "../login/device.ts";
import { logInByRedirect } from "../login/redirect.ts";
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
      One token is kept for each server, and sent to that one alone. With \`--issuer\` it is one
      of an OpenID Connect provider, where you log in with your browser. Without \`--issuer\`
      and \`--token\` the server makes a new identity, unless there is one already.
    `,
    examples: [
      ["A new identity from the default server", "$0 login"],
      ["In the browser", "$0 login --issuer https://id.example.com --client-id lightcone"],
      [
        "With a token of an identity provider",
        "$0 login --server https://example.com --token TOKEN",
      ],
    ],
  };

  readonly token: string | undefined = Option.String("--token", {
    description: "keep this token instead; it replaces the one kept before",
  });
  readonly issuingServer: string | undefined = Option.String("--server-issued-login", {
    description: "the server that makes the identity; the same as --server",
  });
  readonly issuer: string | undefined = Option.String("--issuer", {
    description: "log in with this OpenID Connect provider; its token replaces the one kept before",
  });
  readonly clientId: string | undefined = Option.String("--client-id", {
    description: "what the provider knows this program as: a public client",
  });
  readonly scope: string = Option.String("--scope", "openid", {
    description: "what to ask the provider for (default: openid)",
  });
  readonly device: boolean = Option.Boolean("--device", false, {
    description: "log in with a browser on another machine, by a code",
  });
  readonly noBrowser: boolean = Option.Boolean("--no-browser", false, {
    description: "print the page to log in on, but do not open it",
  });
  readonly redirectPort: number = Option.String("--redirect-port", "0", {
    validator: cascade(isNumber(), [isInteger(), isAtLeast(0)]),
    description: "the port of this machine that the browser comes back to (default: any free one)",
  });

  async run(): Promise<void> {
    const { output } = this;
    this.#refuseContradictions();
    const config = this.loadConfig();
    const address = resolveServer(config, this.issuingServer ?? this.server);
    const token = this.token ?? (await this.#tokenOfIssuer());
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

  /** A token of the provider that is named, if one is. */
  async #tokenOfIssuer(): Promise<string | undefined> {
    const { context, issuer, clientId, scope, redirectPort, noBrowser } = this;
    if (issuer === undefined || clientId === undefined) return undefined;
    const signal = context.stopSignal();
    const login = {
      issuer,
      clientId,
      scope,
      signal,
      note: (text: string) => this.output.note(text),
    };
    if (this.device) return logInByDevice(login);
    const openBrowser = noBrowser ? () => undefined : context.openBrowser;
    return logInByRedirect({ ...login, openBrowser, redirectPort });
  }

  #refuseContradictions(): void {
    const { token, issuer, clientId, device, issuingServer, server } = this;
    const rules: readonly (readonly [isBroken: boolean, message: string])[] = [
      [
        issuingServer !== undefined && server !== undefined,
        "--server-issued-login and --server exclude each other",
      ],
      [token !== undefined && issuer !== undefined, "--token and --issuer exclude each other"],
      [(issuer === undefined) !== (clientId === undefined), "--issuer and --client-id go together"],
      [device && issuer === undefined, "--device needs --issuer and --client-id"],
    ];
    const broken = rules.find(([isBroken]) => isBroken);
    if (broken === undefined) return;
    throw new CommandError("usage", broken[1], "See `lightcone login --help`.");
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
