// How the pages connect: to the host that their address names. What they do is counted for the tests.
import { DbConnection } from "../bindings/bank/index.js";

export interface Probe {
  subscribed: number;
  unsubscribed: number;
  /** Renders by component. */
  readonly renders: Record<string, number>;
  /** Milliseconds that each transaction kept the page busy. */
  readonly busyMs: number[];
  readonly notes: string[];
}

export const probe: Probe = {
  subscribed: 0,
  unsubscribed: 0,
  renders: {},
  busyMs: [],
  notes: [],
};

Object.assign(globalThis, { probe });

export function rendered(component: string): void {
  probe.renders[component] = (probe.renders[component] ?? 0) + 1;
}

export const params: URLSearchParams = new URL(location.href).searchParams;
export const hostUrl: string = params.get("host") ?? "";

interface Countable {
  subscribe(queries: readonly string[]): { unsubscribe(): Promise<void> };
}

/** Counts the subscriptions of a connection. */
function counted<C extends Countable>(connection: C): C {
  const subscribe = connection.subscribe.bind(connection);
  connection.subscribe = (...args) => {
    probe.subscribed++;
    const subscription = subscribe(...args);
    const unsubscribe = subscription.unsubscribe.bind(subscription);
    subscription.unsubscribe = () => {
      probe.unsubscribed++;
      return unsubscribe();
    };
    return subscription;
  };
  return connection;
}

export function connectBank(): DbConnection {
  return counted(DbConnection.builder().withUri(hostUrl).withDatabaseName("bank").build());
}

/** Notes how long the handler of each frame and all that it makes due keep the page busy. */
export function watchFrames(): void {
  const { port1, port2 } = new MessageChannel();
  const started: number[] = [];
  port1.addEventListener("message", () => {
    probe.busyMs.push(performance.now() - (started.shift() ?? 0));
  });
  port1.start();
  const dispatch = (listener: EventListener, event: Event): void => {
    started.push(performance.now());
    listener(event);
    // Comes as the next task: after the microtasks in which frameworks render.
    port2.postMessage(undefined);
  };
  globalThis.WebSocket = class extends WebSocket {
    override addEventListener(type: string, listener: EventListener): void {
      const isMessage = type === "message";
      super.addEventListener(type, isMessage ? (event) => dispatch(listener, event) : listener);
    }
  };
}
