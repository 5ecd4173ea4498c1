// Where the browser comes back to after a login: a port of this machine, for one answer (RFC 8252
// section 7.3).
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "@lightcone/abi";
import { CommandError } from "../exit.ts";
import { brokenOff } from "./issuer.ts";

const callbackPath = "/callback";

/** How long somebody may take to log in. */
const loginMillis = 600_000;

export interface Loopback {
  /** What the issuer is told to send the browser to. */
  readonly redirectUri: string;
  /** The parameters that the browser comes with, once `isOurs` takes them; strangers are sent away. */
  answer(isOurs: (query: URLSearchParams) => boolean): Promise<URLSearchParams>;
  close(): void;
}

/** Listens on a port, 0 for any. Throws a CommandError if it is taken. */
export async function listenForBrowser(port: number, signal: AbortSignal): Promise<Loopback> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(portTaken(port, error)));
    server.listen(port, "127.0.0.1", resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    redirectUri: `http://127.0.0.1:${bound}${callbackPath}`,
    answer: (isOurs) => awaitAnswer(server, isOurs, signal),
    close: () => {
      server.close();
      // A browser keeps connections open for more.
      server.closeAllConnections();
    },
  };
}

function awaitAnswer(
  server: Server,
  isOurs: (query: URLSearchParams) => boolean,
  signal: AbortSignal,
): Promise<URLSearchParams> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new CommandError("refused", "nobody logged in within ten minutes", "Try again."));
    }, loginMillis);
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
    const onAbort = (): void => {
      settle();
      reject(brokenOff());
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    server.on("request", (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
      const isCallback = request.method === "GET" && pathname === callbackPath;
      if (!isCallback || !isOurs(searchParams)) {
        showPage(response, 404, "Not found", "This is no answer to a login.");
        return;
      }
      settle();
      if (searchParams.has("code")) {
        showPage(
          response,
          200,
          "Logged in",
          "You can close this page and go back to the terminal.",
        );
      } else showPage(response, 200, "Not logged in", "The terminal says why.");
      response.once("close", () => resolve(searchParams));
    });
  });
}

function showPage(response: ServerResponse, status: number, title: string, text: string): void {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    connection: "close",
  });
  response.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>` +
      `<meta name="viewport" content="width=device-width"><style>body{font:1.1rem/1.5 system-ui;` +
      `margin:20vh auto;max-width:32rem;padding:0 1rem;color-scheme:light dark}</style>` +
      `<h1>${title}</h1><p>${text}</p></html>`,
  );
}

function portTaken(port: number, error: Error): CommandError {
  return new CommandError(
    "refused",
    `cannot listen on port ${port} of this machine: ${messageOf(error)}`,
    "Give another --redirect-port that the issuer knows, or none for any free one.",
  );
}
