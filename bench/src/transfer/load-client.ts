// Clients that keep a fixed number of requests under way each, and count what comes back.
import { Histogram } from "../histogram.ts";
import { type ClientSocket, openClient } from "../web-socket.ts";
import type { Exchange } from "./exchange.ts";

export interface LoadOptions {
  readonly url: string;
  readonly protocols: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly clientCount: number;
  readonly inFlightCount: number;
  readonly exchange: Exchange;
}

/** What all clients count together. */
class Tally {
  readonly latencies = new Histogram();
  committedCount = 0;
  refusedCount = 0;
  /** Whether answered requests are followed by new ones. */
  isSending = false;
  /** Told of each read that brought answers. */
  onAnswers: () => void = () => undefined;
  readonly #fail: (error: Error) => void;

  constructor(fail: (error: Error) => void) {
    this.#fail = fail;
  }

  fail(reason: string): void {
    this.#fail(new Error(reason));
  }
}

class LoadClient {
  readonly #exchange: Exchange;
  readonly #tally: Tally;
  readonly #inFlightCount: number;
  /**
   * When each request under way was sent: a ring, since answers come in the order of the requests.
   */
  readonly #sentMillis: Float64Array;
  #socket: ClientSocket | undefined;
  #nextFrame: number;
  #sentCount = 0;
  #answeredCount = 0;
  /** Answers of the read under way, and when it came. */
  #readCount = 0;
  #readMillis = 0;
  #onGreeting: () => void = () => undefined;
  readonly #endRead = (): void => {
    const count = this.#readCount;
    this.#readCount = 0;
    if (this.#tally.isSending) this.#send(count);
    this.#tally.onAnswers();
  };

  constructor(exchange: Exchange, tally: Tally, firstFrame: number, inFlightCount: number) {
    this.#exchange = exchange;
    this.#tally = tally;
    this.#nextFrame = firstFrame;
    this.#inFlightCount = inFlightCount;
    this.#sentMillis = new Float64Array(inFlightCount);
  }

  async open({ url, protocols, headers, exchange }: LoadOptions): Promise<void> {
    const greeted = new Promise<void>((resolve) => {
      this.#onGreeting = resolve;
    });
    this.#socket = await openClient({
      url,
      protocols,
      headers,
      onMessage: (message) => {
        this.#receive(message);
      },
      onEnd: (reason) => {
        this.#tally.fail(`a client was cut off: ${reason}`);
      },
    });
    if (exchange.hasGreeting) await greeted;
  }

  /** Sends as many requests as may be under way at once. */
  start(): void {
    this.#send(this.#inFlightCount);
  }

  get isIdle(): boolean {
    return this.#sentCount === this.#answeredCount;
  }

  async close(): Promise<void> {
    await this.#socket?.close();
  }

  #receive(message: Uint8Array): void {
    const tally = this.#tally;
    const answer = this.#exchange.read(message);
    if (answer === "other") {
      this.#onGreeting();
      return;
    }
    if (this.#readCount++ === 0) {
      this.#readMillis = performance.now();
      process.nextTick(this.#endRead);
    }
    const requestId = this.#exchange.requestId(message);
    if (requestId !== this.#answeredCount || this.isIdle) {
      tally.fail(`request ${this.#answeredCount} was to be answered, not ${requestId}`);
      return;
    }
    const sentMillis = this.#sentMillis[requestId % this.#inFlightCount] as number;
    this.#answeredCount++;
    tally.latencies.record((this.#readMillis - sentMillis) * 1000);
    if (answer === "committed") tally.committedCount++;
    else tally.refusedCount++;
  }

  /** Sends that many requests in one write. */
  #send(count: number): void {
    const { frames } = this.#exchange;
    const bytes = Buffer.allocUnsafe(count * frames.frameBytes);
    const nowMillis = performance.now();
    for (let i = 0; i < count; i++) {
      const requestId = this.#sentCount++;
      frames.copy(this.#nextFrame, requestId, bytes, i * frames.frameBytes);
      this.#nextFrame = (this.#nextFrame + 1) % frames.count;
      this.#sentMillis[requestId % this.#inFlightCount] = nowMillis;
    }
    this.#socket?.writeFrames(bytes);
  }
}

/** What came back within a window. */
export interface LoadWindow {
  readonly committedCount: number;
  readonly seconds: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

/** All clients of a run. Everything rejects once a client was cut off or answered out of order. */
export class Load {
  readonly #tally: Tally;
  readonly #clients: readonly LoadClient[];
  readonly #failed: Promise<never>;

  private constructor({ exchange, clientCount, inFlightCount }: LoadOptions) {
    let fail: (error: Error) => void = () => undefined;
    this.#failed = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    // Whoever runs a window learns of it; between windows nobody does.
    this.#failed.catch(() => undefined);
    this.#tally = new Tally(fail);
    // Each client begins elsewhere in the circle of requests.
    this.#clients = Array.from({ length: clientCount }, (_, i) => {
      const firstFrame = Math.floor((i * exchange.frames.count) / clientCount);
      return new LoadClient(exchange, this.#tally, firstFrame, inFlightCount);
    });
  }

  static async open(options: LoadOptions): Promise<Load> {
    const load = new Load(options);
    await Promise.all(load.#clients.map((client) => client.open(options)));
    return load;
  }

  start(): void {
    this.#tally.isSending = true;
    for (const client of this.#clients) client.start();
  }

  /** Counts for that many seconds, and on until something was answered. */
  async runSeconds(seconds: number): Promise<LoadWindow> {
    let timer: NodeJS.Timeout | undefined;
    return this.#window((done) => {
      timer = setTimeout(() => {
        this.#onceAnswered(1, done);
      }, seconds * 1000);
    }).finally(() => {
      clearTimeout(timer);
    });
  }

  /** Counts until that many requests were answered. */
  async runCalls(count: number): Promise<LoadWindow> {
    return this.#window((done) => {
      this.#onceAnswered(count, done);
    });
  }

  #onceAnswered(count: number, done: () => void): void {
    const tally = this.#tally;
    tally.onAnswers = () => {
      if (tally.latencies.total >= count) done();
    };
    tally.onAnswers();
  }

  async #window(arrange: (done: () => void) => void): Promise<LoadWindow> {
    const tally = this.#tally;
    const committedBefore = tally.committedCount;
    tally.latencies.clear();
    const start = performance.now();
    await Promise.race([this.#failed, new Promise<void>(arrange)]);
    tally.onAnswers = () => undefined;
    const seconds = (performance.now() - start) / 1000;
    return {
      committedCount: tally.committedCount - committedBefore,
      seconds,
      p50Micros: tally.latencies.percentile(0.5),
      p99Micros: tally.latencies.percentile(0.99),
    };
  }

  /**
   * Sends nothing more, waits for all answers and closes. Yields what was counted since the start.
   */
  async finish(): Promise<{ readonly committedCount: number; readonly refusedCount: number }> {
    const tally = this.#tally;
    tally.isSending = false;
    const isIdle = (): boolean => this.#clients.every((client) => client.isIdle);
    const answered = new Promise<void>((resolve) => {
      tally.onAnswers = () => {
        if (isIdle()) resolve();
      };
      tally.onAnswers();
    });
    await Promise.race([this.#failed, answered]);
    const { committedCount, refusedCount } = tally;
    await Promise.all(this.#clients.map((client) => client.close()));
    return { committedCount, refusedCount };
  }
}
