// A running host, spoken to over HTTP.
import { setTimeout as pause } from "node:timers/promises";
import { assert } from "@lightcone/abi";
import { readWasm, type WasmName } from "@lightcone/fixtures/wasm";

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** A running host, by its address. */
export class RemoteHost {
  /** `HOST:PORT`. */
  address = "";
  /** Whose requests these are. */
  token = "";

  async send(
    method: string,
    path: string,
    body?: string | Uint8Array,
    token: string = this.token,
  ): Promise<HttpAnswer> {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const init = body === undefined ? { method, headers } : { method, headers, body };
    const answer = await fetch(`http://${this.address}/v1/${path}`, init);
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  }

  publish(database: string, program: WasmName | Uint8Array): Promise<HttpAnswer> {
    const bytes = typeof program === "string" ? readWasm(program) : program;
    return this.send("PUT", `database/${database}`, bytes);
  }

  call(database: string, reducer: string, ...args: readonly unknown[]): Promise<HttpAnswer> {
    return this.send("POST", `database/${database}/call/${reducer}`, JSON.stringify(args));
  }

  /** The rows of a query over HTTP, or the text of a refusal. */
  async sql(database: string, text: string): Promise<unknown> {
    const answer = await this.send("POST", `database/${database}/sql`, text);
    if (answer.status !== 200) return `${answer.status} ${answer.text}`;
    const [result] = JSON.parse(answer.text) as { rows: unknown }[];
    return result?.rows;
  }

  /** Asks again and again, for some seconds, until a database answers. */
  async untilOpen(database: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      const answer = await this.send("GET", `database/${database}`);
      if (answer.status === 200) return;
      assert(tries < 200, `${database} does not open: ${answer.status} ${answer.text}`);
      await pause(50);
    }
  }
}

/** A token for a new identity. */
export async function newToken(address: string): Promise<string> {
  const answer = await fetch(`http://${address}/v1/identity`, { method: "POST" });
  const { token } = (await answer.json()) as { token: string };
  return token;
}
