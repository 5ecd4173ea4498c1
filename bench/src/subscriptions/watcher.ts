// A client over a socket that asks for one thing after another, and waits for each.
import { ServerTag, Writer, writeCallReducer, writeSubscribe } from "@lightcone/abi";
import { type ClientSocket, openClient } from "../web-socket.ts";

/** Where clients connect. */
export interface SocketTarget {
  readonly url: string;
  readonly token: string;
}

export const protocol = "v2.bsatn.spacetimedb";

/** A client's frames must be masked; the mask may be anything. */
const mask = [0x5a, 0xc3, 0x96, 0x0f] as const;

/** One message as a frame of up to 64 KiB. */
export function maskedFrame(message: Uint8Array): Uint8Array {
  const frame = new Writer(message.length + 8);
  frame.u8(0x82);
  if (message.length < 126) frame.u8(0x80 | message.length);
  else {
    frame.u8(0x80 | 126);
    frame.u8(message.length >>> 8);
    frame.u8(message.length & 0xff);
  }
  for (const byte of mask) frame.u8(byte);
  message.forEach((byte, i) => {
    frame.u8(byte ^ (mask[i % 4] as number));
  });
  return frame.finish();
}

/** Where a message has its tag: behind that of its compression. */
export const tagAt = 1;

export class Watcher {
  #socket: ClientSocket | undefined;
  readonly #writer = new Writer();
  /** Told of the next message with a tag. */
  #waiting: { readonly tag: number; readonly resolve: (message: Uint8Array) => void } | undefined;
  /** Called for each TransactionUpdate. */
  onUpdate: () => void = () => undefined;
  #fail: (reason: string) => void = () => undefined;

  static async open({ url, token }: SocketTarget): Promise<Watcher> {
    const watcher = new Watcher();
    const greeted = watcher.#next(ServerTag.initialConnection);
    watcher.#socket = await openClient({
      url,
      protocols: [protocol],
      headers: { authorization: `Bearer ${token}` },
      onMessage: (message) => {
        watcher.#receive(message);
      },
      onEnd: (reason) => {
        watcher.#fail(`a client was cut off: ${reason}`);
      },
    });
    await greeted;
    return watcher;
  }

  #receive(message: Uint8Array): void {
    const tag = message[tagAt];
    if (tag === ServerTag.transactionUpdate) this.onUpdate();
    const waiting = this.#waiting;
    if (waiting !== undefined && waiting.tag === tag) {
      this.#waiting = undefined;
      waiting.resolve(message);
    } else if (tag === ServerTag.subscriptionError) this.#fail("a subscription was refused");
  }

  #next(tag: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#waiting = { tag, resolve };
      this.#fail = (reason) => {
        reject(new Error(reason));
      };
    });
  }

  #ask(tag: number): Promise<Uint8Array> {
    const answer = this.#next(tag);
    this.#socket?.writeFrames(maskedFrame(this.#writer.finish()));
    return answer;
  }

  /** Resolves with the length of the answer, all rows in it. */
  async subscribe(querySetId: number, text: string): Promise<number> {
    this.#writer.clear();
    writeSubscribe(this.#writer, querySetId, querySetId, [text]);
    return (await this.#ask(ServerTag.subscribeApplied)).length;
  }

  /** Resolves when the call is answered, whatever came of it. */
  async call(reducer: string, args: Uint8Array): Promise<void> {
    this.#writer.clear();
    writeCallReducer(this.#writer, 1, reducer, args);
    await this.#ask(ServerTag.reducerResult);
  }

  async close(): Promise<void> {
    await this.#socket?.close();
  }
}
