// `lightcone server …`: the servers that have a nickname.
import { Api } from "../api.ts";
import { Option, type Usage } from "../clipanion.ts";
import { type Config, type ServerConfig, updateConfig } from "../config.ts";
import { confirm } from "../confirm.ts";
import { CommandError } from "../exit.ts";
import {
  findServer,
  parseServerUrl,
  resolveServer,
  type ServerAddress,
  urlOf,
} from "../server-address.ts";
import { version } from "../version.ts";
import { LightconeCommand, yesFlag } from "./base.ts";

const category = "Servers";

export class ServerListCommand extends LightconeCommand {
  static override paths: string[][] = [["server", "list"]];
  static override usage: Usage = { category, description: "list the servers that have a nickname" };

  readonly asJson: boolean = Option.Boolean("--json", false, { description: "print them as JSON" });

  run(): Promise<void> {
    const { servers, defaultServer } = this.loadConfig();
    const rows = servers.map((server) => ({
      nickname: server.nickname,
      url: urlOf(server),
      isDefault: server.nickname === defaultServer,
    }));
    if (this.asJson) this.output.json(rows);
    else {
      this.output.table(
        [{ title: "nickname" }, { title: "address" }, { title: "default" }],
        rows.map(({ nickname, url, isDefault }) => [nickname, url, isDefault ? "yes" : ""]),
      );
    }
    return Promise.resolve();
  }
}

export class ServerAddCommand extends LightconeCommand {
  static override paths: string[][] = [["server", "add"]];
  static override usage: Usage = {
    category,
    description: "give a server a nickname",
    details:
      "Its fingerprint, the key it signs tokens with, is kept; so the server has to be running.",
    examples: [
      ["And use it by default", "$0 server add game --url http://10.0.0.5:3000 --default"],
    ],
  };

  readonly nickname: string = Option.String({ name: "NAME" });
  readonly url: string | undefined = Option.String("--url", {
    description: "its address, such as http://10.0.0.5:3000",
  });
  readonly isDefault: boolean = Option.Boolean("-d,--default", false, {
    description: "use it where --server is not given",
  });
  readonly noFingerprint: boolean = Option.Boolean("--no-fingerprint", false, {
    description: "do not ask for its fingerprint: it may be down",
  });

  async run(): Promise<void> {
    const { nickname, url, output } = this;
    if (url === undefined)
      throw new CommandError(
        "usage",
        "--url is missing",
        "Add for example `--url http://127.0.0.1:3000`.",
      );
    checkNickname(this.loadConfig(), nickname);
    const address = { url: parseServerUrl(url), label: nickname };
    const fingerprint = this.noFingerprint ? undefined : await publicKeyOf(address);
    updateConfig(this.configPath, (config) => {
      checkNickname(config, nickname);
      const server = serverAt(nickname, address.url, fingerprint);
      const defaultServer = this.isDefault ? nickname : config.defaultServer;
      return { ...config, defaultServer, servers: [...config.servers, server] };
    });
    output.note(
      `${nickname} is ${address.url}${this.isDefault ? ", the default server from now on" : ""}.`,
    );
  }
}

export class ServerRemoveCommand extends LightconeCommand {
  static override paths: string[][] = [["server", "remove"]];
  static override usage: Usage = {
    category,
    description: "forget a server's nickname; a token for its address stays",
  };

  readonly nickname: string = Option.String({ name: "NAME" });

  run(): Promise<void> {
    const { nickname, output } = this;
    updateConfig(this.configPath, (config) => {
      needServer(config, nickname);
      if (config.defaultServer === nickname) {
        throw new CommandError(
          "refused",
          `${nickname} is the default server`,
          "Make another one the default first: `lightcone server set-default NAME`.",
        );
      }
      return {
        ...config,
        servers: config.servers.filter((server) => server.nickname !== nickname),
      };
    });
    output.note(`${nickname} is forgotten.`);
    return Promise.resolve();
  }
}

export class ServerSetDefaultCommand extends LightconeCommand {
  static override paths: string[][] = [["server", "set-default"]];
  static override usage: Usage = {
    category,
    description: "choose the server used where --server is not given",
  };

  readonly nickname: string = Option.String({ name: "NAME" });

  run(): Promise<void> {
    const { nickname, output } = this;
    updateConfig(this.configPath, (config) => {
      needServer(config, nickname);
      return { ...config, defaultServer: nickname };
    });
    output.note(`${nickname} is the default server.`);
    return Promise.resolve();
  }
}

export class ServerEditCommand extends LightconeCommand {
  static override paths: string[][] = [["server", "edit"]];
  static override usage: Usage = {
    category,
    description: "change a server's nickname or address",
    details: `
      A new address is another server to this program: tokens stay with the old address, and the
      fingerprint is dropped.
    `,
  };

  readonly nickname: string = Option.String({ name: "NAME" });
  readonly newName: string | undefined = Option.String("--new-name", {
    description: "the new nickname",
  });
  readonly url: string | undefined = Option.String("--url", { description: "the new address" });

  run(): Promise<void> {
    const { nickname, newName = nickname, output } = this;
    if (this.newName === undefined && this.url === undefined) {
      throw new CommandError("usage", "nothing to change", "Give --new-name, --url or both.");
    }
    const url = this.url === undefined ? undefined : parseServerUrl(this.url);
    updateConfig(this.configPath, (config) => {
      const old = needServer(config, nickname);
      if (newName !== nickname) checkNickname(config, newName);
      const changed =
        url === undefined || url === urlOf(old)
          ? { ...old, nickname: newName }
          : serverAt(newName, url, undefined);
      return {
        ...config,
        defaultServer: config.defaultServer === nickname ? newName : config.defaultServer,
        servers: config.servers.map((server) => (server === old ? changed : server)),
      };
    });
    output.note(`${nickname} is changed.`);
    return Promise.resolve();
  }
}

export class ServerPingCommand extends LightconeCommand {
  static override paths: string[][] = [["server", "ping"]];
  static override usage: Usage = { category, description: "see whether a server answers" };

  readonly server: string | undefined = Option.String({ name: "SERVER", required: false });

  async run(): Promise<void> {
    const address = resolveServer(this.loadConfig(), this.server);
    await new Api({ address, token: undefined, version }).ping();
    this.output.line(`${address.url} answers`);
  }
}

export class ServerFingerprintCommand extends LightconeCommand {
  static override paths: string[][] = [["server", "fingerprint"]];
  static override usage: Usage = {
    category,
    description: "print a server's fingerprint, and compare it with the one kept",
    details: `
      The fingerprint is the public key that the server signs tokens with. A changed one means
      another server, or fresh data.
    `,
  };

  readonly server: string | undefined = Option.String({ name: "SERVER", required: false });
  readonly yes: boolean = yesFlag();

  async run(): Promise<void> {
    const { output } = this;
    const config = this.loadConfig();
    const address = resolveServer(config, this.server);
    const fingerprint = await publicKeyOf(address);
    output.line(fingerprint);
    const kept = findServer(config, address.label);
    if (kept === undefined) return;
    if (kept.fingerprint === fingerprint) {
      output.note("It is the one kept.");
      return;
    }
    if (kept.fingerprint !== undefined) {
      await confirm(this.context, "It differs from the one kept. Replace that?", this.yes);
    }
    updateConfig(this.configPath, (fresh) => ({
      ...fresh,
      servers: fresh.servers.map((each) =>
        each.nickname === kept.nickname ? { ...each, fingerprint } : each,
      ),
    }));
    output.note(`It is kept for ${kept.nickname} now.`);
  }
}

function publicKeyOf(address: ServerAddress): Promise<string> {
  return new Api({ address, token: undefined, version }).publicKey();
}

function serverAt(nickname: string, url: string, fingerprint: string | undefined): ServerConfig {
  const { host, protocol } = new URL(url);
  return {
    nickname,
    host,
    protocol: protocol === "https:" ? "https" : "http",
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
}

function needServer(config: Config, nickname: string): ServerConfig {
  const server = findServer(config, nickname);
  if (server !== undefined) return server;
  const names = config.servers.map((each) => each.nickname).join(", ");
  throw new CommandError(
    "usage",
    `no server is called ${nickname}`,
    `Known are: ${names || "none"}.`,
  );
}

function checkNickname(config: Config, nickname: string): void {
  if (!/^[a-zA-Z0-9_-]+$/.test(nickname)) {
    throw new CommandError(
      "usage",
      `${nickname} cannot be a nickname`,
      "Use letters, digits, - and _.",
    );
  }
  if (findServer(config, nickname) !== undefined) {
    throw new CommandError(
      "usage",
      `a server is called ${nickname} already`,
      "Choose another name, or change that one with `lightcone server edit`.",
    );
  }
}
