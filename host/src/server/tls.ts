// TLS in the host: a certificate and its key, read at the start and again whenever the files change,
// so that a renewed certificate needs no restart.
import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import { createSecureContext, type SecureContext } from "node:tls";
import { LightconeError, messageOf } from "@lightcone/abi";
import { readOperatorFile } from "../base/files.ts";
import type { Report } from "./report.ts";

/** How often the files are looked at. They are read whole: what renews them may keep their times, or exchange a link. */
const checkMillis = 10_000;

export interface TlsPaths {
  /** PEM: the certificate, then those that lead from it to a known authority. */
  readonly certPath: string;
  /** PEM, not encrypted. */
  readonly keyPath: string;
}

/** The two files as text. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** Whoever serves with the pair, such as a server of node:https. */
interface TlsServer {
  setSecureContext(pair: TlsPair): void;
}

export class TlsFiles {
  readonly #paths: TlsPaths;
  readonly #report: Report;
  readonly #servers: TlsServer[] = [];
  #pair: TlsPair;
  #context: SecureContext | undefined;
  /** What was told of files that were refused: it is told once. */
  #told = "";
  #timer: NodeJS.Timeout | undefined;

  private constructor(paths: TlsPaths, pair: TlsPair, report: Report) {
    this.#paths = paths;
    this.#pair = pair;
    this.#report = report;
  }

  /** LC_CONFIG, naming flag and file, if they are not a certificate and its key. */
  static async open(paths: TlsPaths, report: Report): Promise<TlsFiles> {
    const pair = await readPair(paths);
    checkPair(paths, pair);
    return new TlsFiles(paths, pair, report);
  }

  /** What serves at present. */
  get pair(): TlsPair {
    return this.#pair;
  }

  /** What connections that turn to TLS half-way begin with. */
  secureContext(): SecureContext {
    this.#timer ??= setInterval(() => void this.check(), checkMillis).unref();
    return (this.#context ??= createSecureContext(this.#pair));
  }

  /** A server of HTTPS that does not listen yet. */
  createServer(listener: RequestListener): Server {
    const server = createServer(this.#pair, listener);
    this.serve(server);
    return server;
  }

  /** A server that began with `pair` gets each later one; connections that are open keep theirs. */
  serve(server: TlsServer): void {
    this.#servers.push(server);
    this.#timer ??= setInterval(() => void this.check(), checkMillis).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * Takes files that have changed into use. Ones that are no pair are reported, and the pair before
   * them stays; so it is while one of the two has been renewed and the other has not.
   */
  async check(): Promise<void> {
    try {
      const pair = await readPair(this.#paths);
      if (pair.cert !== this.#pair.cert || pair.key !== this.#pair.key) {
        checkPair(this.#paths, pair);
        for (const server of this.#servers) server.setSecureContext(pair);
        this.#pair = pair;
        this.#context = undefined;
      }
      this.#told = "";
    } catch (thrown) {
      const reason = messageOf(thrown);
      if (reason === this.#told) return;
      this.#told = reason;
      this.#report(thrown, "renewing the certificate; the one before stays in use");
    }
  }
}

async function readPair({ certPath, keyPath }: TlsPaths): Promise<TlsPair> {
  return {
    cert: await readOperatorFile(certPath, "--tls-cert"),
    key: await readOperatorFile(keyPath, "--tls-key"),
  };
}

/** The one before the other, so that what is said names the file. */
function checkPair({ certPath, keyPath }: TlsPaths, { cert, key }: TlsPair): void {
  attempt(`--tls-cert ${certPath} is no certificate in PEM`, { cert });
  attempt(`--tls-key ${keyPath} is no private key in PEM, or an encrypted one`, { key });
  attempt(`--tls-key ${keyPath} is not the key of --tls-cert ${certPath}`, { cert, key });
}

function attempt(message: string, options: Partial<TlsPair>): void {
  try {
    createSecureContext(options);
  } catch (thrown) {
    throw new LightconeError("LC_CONFIG", `${message}: ${messageOf(thrown)}`);
  }
}
