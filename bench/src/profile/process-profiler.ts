// Samples what every thread of this process does: V8's own profiler, reached through the inspector.
import { type Profiler, Session } from "node:inspector";
import { type StageTimes, stageTimes } from "./stages.ts";

/** Close enough to see microseconds in a run of seconds, far enough apart not to slow it. */
const samplingMicros = 250;

/** Sends a command to one thread. */
type Post = (method: string, params?: object) => Promise<unknown>;

/** One thread's messages, wrapped into those of the main thread's session. */
class WorkerChannel {
  readonly #send: (message: string) => void;
  readonly #pending = new Map<number, (result: unknown) => void>();
  #lastId = 0;

  constructor(send: (message: string) => void) {
    this.#send = send;
  }

  readonly post: Post = (method, params = {}) => {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#pending.set(id, resolve);
      this.#send(JSON.stringify({ id, method, params }));
    });
  };

  receive(message: string): void {
    const { id, result } = JSON.parse(message) as { id?: number; result?: unknown };
    if (id === undefined) return;
    this.#pending.get(id)?.(result);
    this.#pending.delete(id);
  }
}

/** Profiles the main thread and the worker threads that there are when it starts. */
export class ProcessProfiler {
  #session: Session | undefined;
  readonly #threads: Post[] = [];

  async start(): Promise<void> {
    const session = new Session();
    session.connect();
    this.#session = session;
    const post: Post = (method, params = {}) =>
      new Promise((resolve, reject) => {
        session.post(method, params, (error: Error | null, result: unknown) => {
          if (error === null) resolve(result);
          else reject(error);
        });
      });
    this.#threads.splice(0, Infinity, post);
    await this.#attachWorkers(session, post);
    for (const thread of this.#threads) {
      await thread("Profiler.enable");
      await thread("Profiler.setSamplingInterval", { interval: samplingMicros });
    }
    await Promise.all(this.#threads.map((thread) => thread("Profiler.start")));
  }

  async #attachWorkers(session: Session, post: Post): Promise<void> {
    const channels = new Map<string, WorkerChannel>();
    session.on("NodeWorker.attachedToWorker", ({ params: { sessionId } }) => {
      const channel = new WorkerChannel((message) => {
        session.post("NodeWorker.sendMessageToWorker", { sessionId, message });
      });
      channels.set(sessionId, channel);
      this.#threads.push(channel.post);
    });
    session.on("NodeWorker.receivedMessageFromWorker", ({ params: { sessionId, message } }) => {
      channels.get(sessionId)?.receive(message);
    });
    await post("NodeWorker.enable", { waitForDebuggerOnStart: false });
  }

  /** What each thread did since the start, the main thread's times first. */
  async stop(): Promise<readonly StageTimes[]> {
    const stopped = await Promise.all(this.#threads.map((thread) => thread("Profiler.stop")));
    this.#session?.disconnect();
    this.#session = undefined;
    return stopped.map((result) => stageTimes((result as Profiler.StopReturnType).profile));
  }
}
