// What a command gets from outside, so that tests can run it in process.
import type { ModuleDef } from "@lightcone/abi";
import type { AuthOptions, LogPlace, OfflineLog, TlsPaths, TrafficLimits } from "@lightcone/host";
import type { BaseContext } from "./clipanion.ts";

/** A host that runs in this process. */
export interface RunningServer {
  /** `HOST:PORT` as bound. */
  readonly address: string;
  readonly port: number;
  /** The same for PostgreSQL's protocol, if that was asked for. */
  readonly pgAddress?: string | undefined;
  close(): Promise<void>;
}

/** What becomes of the log that snapshots cover. */
export const prunePolicies = ["keep", "archive", "delete"] as const;

/** What the server says about itself, from little to much, and how. */
export const logLevels = ["error", "warn", "info", "debug"] as const;
export const logFormats = ["text", "json"] as const;

export interface StartOptions {
  /** HOST:PORT; port 0 takes a free one. */
  readonly listenAddr: string;
  /** The same for PostgreSQL's protocol. */
  readonly pgListenAddr?: string | undefined;
  readonly dataDir: string;
  readonly callTimeLimitMs?: number;
  readonly modules: { readonly callBudgetMillis: number; readonly memoryBytesMax: number };
  readonly snapshots: {
    readonly intervalCommits: number;
    readonly prune: (typeof prunePolicies)[number];
  };
  /** Where modules may send HTTP requests. */
  readonly moduleHttp: "off" | "public" | "anywhere";
  /** Whether SQL is of the reference's dialect alone. */
  readonly strictSql: boolean;
  /** Keys, issuers and the policy of all databases. */
  readonly auth: AuthOptions;
  /** Serves HTTPS with these files. */
  readonly tls?: TlsPaths;
  /** How long a deleted database can come back, in milliseconds. */
  readonly deleteGraceMs: number;
  /** What each client may ask for; 0 is no limit. */
  readonly limits: TrafficLimits;
  /** Whether X-Forwarded-For is to be believed. */
  readonly trustProxy: boolean;
  readonly logging: {
    readonly level: (typeof logLevels)[number];
    readonly format: (typeof logFormats)[number];
  };
}

/**
 * The parts of the host that this command uses. They are loaded late, since most commands need
 * none.
 */
export interface HostPart {
  readonly startServer: (options: StartOptions) => Promise<RunningServer>;
  /** The definition that a program writes. Throws LC_MODULE_*. */
  readonly describeModule: (program: Uint8Array) => ModuleDef;
  /** Finds a log on this machine. */
  readonly openOfflineLog: (place: LogPlace) => Promise<OfflineLog>;
  /** Gives a data directory, whose host is stopped, a new signing key. */
  readonly rotateSigningKeys: (dataDir: string) => Promise<void>;
}

export interface CommandContext extends BaseContext {
  /** Relative paths among the arguments start here. */
  readonly workingFolder: string;
  readonly homeFolder: string;
  /** Whether standard error is a terminal. */
  readonly isErrorTerminal: boolean;
  /** Whether somebody is there who can answer a question. */
  readonly isInteractive: boolean;
  readonly loadHost: () => Promise<HostPart>;
  /** Shows a page in the person's browser, if there is one. */
  readonly openBrowser: (url: string) => void;
  /**
   * From the first call on, a wish to stop (SIGINT, SIGTERM) aborts this instead of ending the
   * process.
   */
  readonly stopSignal: () => AbortSignal;
}
