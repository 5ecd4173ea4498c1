// A client for tests, without a socket: writes messages of protocol v2 or v3 into a service and reads what comes back.
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import {
  compileCodec,
  ConnectionId,
  decodeServerMessage,
  encode,
  type Identity,
  identityFromClaims,
  present,
  Reader,
  rowCount,
  type RowListView,
  rowStart,
  type ServerMessage,
  type Value,
  writeCallProcedure,
  writeCallReducer,
  writeOneOffQuery,
  Writer,
  writeSubscribe,
  writeUnsubscribe,
} from "@lightcone/abi";
import { ManualClock } from "../base/clock.ts";
import type { Disk } from "../base/disk/contract.ts";
import type { HttpClient } from "../base/http/client.ts";
import { systemPause } from "../base/pause.ts";
import { ManualTimers } from "../base/timers.ts";
import { MemoryDisk } from "../base/disk/memory.ts";
import type { Database } from "../database/database.ts";
import type { ModuleLimits } from "../database/module-limits.ts";
import { plainChoice, type WireChoice } from "./frame-style.ts";
import { DatabaseService } from "./service.ts";
import type { Delivery } from "./service-contract.ts";
import { openSlab } from "./slab.ts";

export const owner: Identity = identityFromClaims("localhost", "owner");

const finalBit = 0x80;
const textFrame = 0x01;

/** What a WebSocket library hands out: a whole payload. */
export interface Payload {
  readonly isText: boolean;
  readonly bytes: Uint8Array;
}

/** The messages of a binary payload, and the tag that it had. */
export function unpack({ bytes }: Payload): { readonly tag: number; readonly body: Uint8Array } {
  const [tag = -1] = bytes;
  const rest = bytes.subarray(1);
  const body = tag === 0 ? rest : tag === 1 ? brotliDecompressSync(rest) : gunzipSync(rest);
  return { tag, body };
}

/** Takes WebSocket frames of one socket apart. */
class FrameReader {
  #parts: Uint8Array[] = [];
  #isText = false;

  *payloadsOf(frames: Uint8Array): Generator<Payload> {
    const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
    for (let at = 0; at < frames.length;) {
      const short = view.getUint8(at + 1);
      const [length, start] =
        short < 126
          ? [short, at + 2]
          : short === 126
            ? [view.getUint16(at + 2), at + 4]
            : [Number(view.getBigUint64(at + 2)), at + 10];
      const code = view.getUint8(at);
      if (this.#parts.length === 0) this.#isText = (code & ~finalBit) === textFrame;
      this.#parts.push(frames.subarray(start, start + length));
      if ((code & finalBit) !== 0) {
        yield { isText: this.#isText, bytes: Buffer.concat(this.#parts) };
        this.#parts = [];
      }
      at = start + length;
    }
  }
}

/** A service on a disk in memory, and what it delivered. */
export class TestHost {
  readonly clock: ManualClock = new ManualClock(1_700_000_000_000_000n);
  readonly timers: ManualTimers = new ManualTimers(this.clock);
  readonly disk: Disk;
  /** How long each stretch of guest code takes. */
  callMicros = 0n;
  /** Set before `open`. */
  http: HttpClient | undefined;
  cache: Disk | undefined;
  modules: ModuleLimits = {};
  strictSql = false;
  readonly closed: { socket: number; code: number; reason: string }[] = [];
  readonly dropped: number[] = [];
  readonly failures: string[] = [];
  /** What the service is to be told has left: `take` does. */
  readonly receipts: {
    readonly socket: number;
    readonly byteCount: number;
    readonly memory: ArrayBuffer;
  }[] = [];
  /** Bytes of frames that were delivered, a shared one counted once. */
  frameBytes = 0;
  readonly #inbox = new Map<number, Payload[]>();
  readonly #readers = new Map<number, FrameReader>();
  readonly #identity: Identity;
  #service: DatabaseService | undefined;

  constructor(disk: Disk = new MemoryDisk(), name = "database") {
    this.disk = disk;
    this.#identity = identityFromClaims("localhost", name);
  }

  async open(): Promise<DatabaseService> {
    const delivery: Delivery = {
      deliver: (slab) => {
        this.frameBytes += slab.tableStart;
        openSlab(slab, (socket, frames, wantsReceipt) => {
          if (wantsReceipt) {
            this.receipts.push({ socket, byteCount: frames.length, memory: slab.buffer });
          }
          const inbox = this.#inbox.get(socket) ?? [];
          this.#inbox.set(socket, inbox);
          const reader = this.#readers.get(socket) ?? new FrameReader();
          this.#readers.set(socket, reader);
          // What is given back is written to again.
          inbox.push(...reader.payloadsOf(wantsReceipt ? frames.slice() : frames));
        });
      },
      closeSocket: (socket, code, reason) => this.closed.push({ socket, code, reason }),
      dropSocket: (socket) => this.dropped.push(socket),
      failed: (error) => this.failures.push(error.message),
    };
    this.#service = await DatabaseService.open({
      identity: this.#identity,
      disk: this.disk,
      clock: this.clock,
      schedule: queueMicrotask,
      pause: systemPause,
      timers: this.timers,
      watch: {
        begin: () => undefined,
        end: () => {
          this.clock.advance(this.callMicros);
        },
      },
      delivery,
      http: this.http,
      cache: this.cache,
      modules: this.modules,
      strictSql: this.strictSql,
    });
    return this.#service;
  }

  get service(): DatabaseService {
    return present(this.#service, "open comes first");
  }

  get database(): Database {
    return this.service.database;
  }

  /** What a socket of v2 or v3 was sent since the last call. */
  take(socket: number): ServerMessage[] {
    const messages: ServerMessage[] = [];
    for (const payload of this.takePayloads(socket)) {
      const reader = new Reader(unpack(payload).body);
      do messages.push(decodeServerMessage(reader));
      while (reader.remaining > 0);
    }
    return messages;
  }

  /** The same as it arrived. */
  takePayloads(socket: number): Payload[] {
    const left = this.receipts.filter((receipt) => receipt.socket === socket);
    const others = this.receipts.filter((receipt) => receipt.socket !== socket);
    this.receipts.splice(0, this.receipts.length, ...others);
    for (const { byteCount, memory } of left) this.service.written(socket, byteCount, memory);
    const payloads = this.#inbox.get(socket) ?? [];
    this.#inbox.set(socket, []);
    return payloads;
  }
}

/** One socket of a test host. Answers are there after `turn`. */
export class TestClient {
  readonly host: TestHost;
  readonly socket: number;
  readonly identity: Identity;
  readonly connectionId: ConnectionId;
  readonly #writer = new Writer();

  constructor(
    host: TestHost,
    socket: number,
    subject: string,
    isConfirmed = false,
    wire: WireChoice = plainChoice,
  ) {
    this.host = host;
    this.socket = socket;
    this.identity = subject === "owner" ? owner : identityFromClaims("localhost", subject);
    this.connectionId = new ConnectionId(BigInt(socket) + 1000n);
    host.service.connect(
      socket,
      {
        identity: this.identity,
        connectionId: this.connectionId,
        jwtPayload: `{"iss":"localhost","sub":"${subject}"}`,
      },
      "token",
      isConfirmed,
      wire,
    );
    host.service.endTurn();
  }

  #send(): ServerMessage[] {
    const message = this.#writer.finish();
    this.host.service.receive(this.socket, message, 0, message.length);
    this.host.service.endTurn();
    return this.host.take(this.socket);
  }

  call(reducer: string, args: Record<string, Value> = {}, requestId = 1): ServerMessage[] {
    const definition = this.host.database.module.reducer(reducer)?.definition;
    const params = definition?.params ?? { kind: "product" as const, elements: [] };
    const codec = compileCodec(params, this.host.database.definition.typespace);
    return this.callRaw(reducer, encode(codec, args), requestId);
  }

  callRaw(reducer: string, args: Uint8Array, requestId = 1): ServerMessage[] {
    this.#writer.clear();
    writeCallReducer(this.#writer, requestId, reducer, args);
    return this.#send();
  }

  subscribe(querySetId: number, ...queries: string[]): ServerMessage[] {
    this.#writer.clear();
    writeSubscribe(this.#writer, 7, querySetId, queries);
    return this.#send();
  }

  unsubscribe(querySetId: number, sendsDroppedRows = true): ServerMessage[] {
    this.#writer.clear();
    writeUnsubscribe(this.#writer, 8, querySetId, sendsDroppedRows);
    return this.#send();
  }

  procedure(name: string, args: Uint8Array = new Uint8Array(0)): ServerMessage[] {
    this.#writer.clear();
    writeCallProcedure(this.#writer, 6, name, args);
    return this.#send();
  }

  query(text: string): ServerMessage[] {
    this.#writer.clear();
    writeOneOffQuery(this.#writer, 9, text);
    return this.#send();
  }

  raw(bytes: Uint8Array): ServerMessage[] {
    this.#writer.clear();
    this.#writer.raw(bytes);
    return this.#send();
  }

  /** The rows of a list as values of a table. */
  rows(table: string, list: RowListView): Value[] {
    const { schema } = present(this.host.database.parts.datastore.tableByName(table), table);
    const codec = compileCodec({
      kind: "product",
      elements: schema.columns.map(({ name, type }) => ({ name, type })),
    });
    return Array.from({ length: rowCount(list) }, (_, i) =>
      codec.read(new Reader(list.data, rowStart(list, i))),
    );
  }
}
