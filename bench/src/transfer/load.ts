// The process that all clients live in, apart from the host as clients are.
import { answerParent, cpuMicros } from "../remote.ts";
import { echoExchange, transferExchange } from "./exchange.ts";
import { Load, type LoadOptions, type LoadWindow } from "./load-client.ts";

/** Where the load goes. */
export type LoadTarget =
  | { readonly kind: "bank"; readonly url: string; readonly token: string; readonly alpha: number }
  | { readonly kind: "echo"; readonly url: string };

/** One load a process: `open`, `start`, any number of windows, `finish`. */
export type LoadMethods = {
  open: {
    params: {
      readonly target: LoadTarget;
      readonly clientCount: number;
      readonly inFlightCount: number;
    };
    result: null;
  };
  start: { params: null; result: null };
  runSeconds: { params: { readonly seconds: number }; result: LoadWindow };
  runCalls: { params: { readonly count: number }; result: LoadWindow };
  finish: {
    params: null;
    result: { readonly committedCount: number; readonly refusedCount: number };
  };
  cpuMicros: { params: null; result: number };
};

const protocol = "v2.bsatn.spacetimedb";

function options(
  target: LoadTarget,
): Pick<LoadOptions, "url" | "protocols" | "headers" | "exchange"> {
  const { url } = target;
  if (target.kind === "echo") {
    return { url, protocols: [], headers: {}, exchange: echoExchange() };
  }
  const headers = { authorization: `Bearer ${target.token}` };
  return { url, protocols: [protocol], headers, exchange: transferExchange(target.alpha) };
}

function opened(load: Load | undefined): Load {
  if (load === undefined) throw new Error("the load is not open");
  return load;
}

let current: Load | undefined;

answerParent<LoadMethods>({
  open: async ({ target, clientCount, inFlightCount }) => {
    current = await Load.open({ ...options(target), clientCount, inFlightCount });
    return null;
  },
  start: () => {
    opened(current).start();
    return null;
  },
  runSeconds: ({ seconds }) => opened(current).runSeconds(seconds),
  runCalls: ({ count }) => opened(current).runCalls(count),
  finish: () => opened(current).finish(),
  cpuMicros,
});
