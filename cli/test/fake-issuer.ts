// An OpenID Connect issuer that answers as a test wants it to.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Test } from "tap";

export interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

export class FakeIssuer {
  url = "";
  /** Answers to requests by path, each used once, the last one for good. */
  readonly answers: Map<string, Answer[]> = new Map();
  /** The forms that came, by path. */
  readonly forms: [path: string, form: URLSearchParams][] = [];
  /** Members of the discovery document beside or instead of the usual ones. */
  document: Readonly<Record<string, unknown>> = {};

  async listen(t: Test): Promise<this> {
    const server = createServer((request, response) => {
      let text = "";
      request.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      request.on("end", () => {
        const path = request.url ?? "";
        if (request.method === "POST") this.forms.push([path, new URLSearchParams(text)]);
        const { status = 200, body } = this.#answerTo(path);
        response.writeHead(status, { "content-type": "application/json" });
        response.end(typeof body === "string" ? body : JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    t.teardown(() => {
      server.closeAllConnections();
      server.close();
    });
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this;
  }

  #answerTo(path: string): Answer {
    if (path === "/.well-known/openid-configuration") {
      const { url } = this;
      return {
        body: {
          issuer: url,
          authorization_endpoint: `${url}/authorize?tenant=a`,
          token_endpoint: `${url}/token`,
          device_authorization_endpoint: `${url}/device`,
          ...this.document,
        },
      };
    }
    const answers = this.answers.get(path) ?? [];
    return (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 404, body: "" };
  }

  /** An id_token of this issuer, signed by nobody. */
  idToken(claims: object): string {
    const all = { iss: this.url, sub: "alice", aud: "app", ...claims };
    const payload = Buffer.from(JSON.stringify(all)).toString("base64url");
    return `e30.${payload}.AAAA`;
  }
}
