// A host that speaks PostgreSQL's protocol, with a database or two.
import { present } from "@lightcone/abi";
import type { WasmName } from "@lightcone/fixtures/wasm";
import { type ServerOptions, startServer } from "../../src/index.ts";
import { newToken, RemoteHost } from "./remote-host.ts";

interface ForTest {
  testdir(): string;
  teardown(end: () => unknown): void;
}

export class PgHost extends RemoteHost {
  /** `HOST:PORT` for PostgreSQL's protocol. */
  pgAddress = "";
  close: () => Promise<void> = () => Promise.resolve();

  static start(t: ForTest, ...modules: readonly WasmName[]): Promise<PgHost> {
    return PgHost.startLimited(t, {}, ...modules);
  }

  static async startLimited(
    t: ForTest,
    limits: NonNullable<ServerOptions["limits"]>,
    ...modules: readonly WasmName[]
  ): Promise<PgHost> {
    const server = await startServer({
      listenAddr: "127.0.0.1:0",
      pgListenAddr: "127.0.0.1:0",
      dataDir: t.testdir(),
      limits,
    });
    t.teardown(() => server.close());
    const host = new PgHost();
    host.close = () => server.close();
    host.address = server.address;
    host.pgAddress = present(server.pgAddress, "an address of its own");
    host.token = await newToken(server.address);
    for (const name of modules) {
      const { status, text } = await host.publish(name, name);
      if (status !== 200) throw new Error(text);
    }
    return host;
  }

  get pgPort(): number {
    return Number(this.pgAddress.split(":").at(-1));
  }
}
