// What the commands share: flags, the configuration, the way to a server, and the end with an exit
// code.
import { Api } from "../api.ts";
import { Command, Option } from "../clipanion.ts";
import { type Config, configPath, loadConfig } from "../config.ts";
import type { CommandContext } from "../context.ts";
import { obtainToken } from "../credentials.ts";
import { commandErrorOf, exitCodes } from "../exit.ts";
import { Output } from "../output.ts";
import { resolveServer, type ServerAddress } from "../server-address.ts";
import { version } from "../version.ts";

export abstract class LightconeCommand extends Command<CommandContext> {
  readonly configFile: string | undefined = Option.String("--config-path", {
    description: "the configuration file, instead of cli.toml in the configuration folder",
  });

  /** What the command does. Throws a CommandError or LightconeError to fail. */
  abstract run(): Promise<void>;

  override async execute(): Promise<number> {
    try {
      await this.run();
      return exitCodes.ok.code;
    } catch (thrown) {
      return this.output.failure(commandErrorOf(thrown));
    }
  }

  get output(): Output {
    return new Output(this.context.stdout, this.context.stderr);
  }

  get configPath(): string {
    return configPath(this.context, this.configFile);
  }

  loadConfig(): Config {
    return loadConfig(this.configPath);
  }
}

/**
 * Which token goes with the requests: one that is obtained if there is none yet, one that may be
 * missing, or none.
 */
type TokenUse = "needed" | "if there" | "none";

export abstract class ServerCommand extends LightconeCommand {
  readonly server: string | undefined = Option.String("-s,--server", {
    description: "the server: nickname, HOST:PORT or URL (default: the configured default)",
  });

  address(): ServerAddress {
    return resolveServer(this.loadConfig(), this.server);
  }

  /** The way to the chosen server. `signal` ends requests under way. */
  async api(use: TokenUse, signal?: AbortSignal): Promise<Api> {
    const address = this.address();
    const token = use === "none" ? undefined : await this.#token(address, use);
    return new Api({ address, token, version, ...(signal === undefined ? {} : { signal }) });
  }

  async #token(address: ServerAddress, use: TokenUse): Promise<string | undefined> {
    const held = this.loadConfig().tokens.get(address.url);
    if (held !== undefined || use !== "needed") return held;
    const token = await obtainToken(this.configPath, address, version);
    this.output.note(
      `Not logged in to ${address.label} yet: got an identity there, kept in ${this.configPath}.`,
    );
    return token;
  }
}

/** The flag of commands that work without an identity as well. */
export function anonymousFlag(): boolean {
  return Option.Boolean("--anonymous", false, {
    description: "send no token: the server takes the caller for somebody new",
  });
}

/** The flag that answers questions beforehand. */
export function yesFlag(): boolean {
  return Option.Boolean("-y,--yes", false, { description: "answer every question with yes" });
}
