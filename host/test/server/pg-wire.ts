// PostgreSQL's protocol by hand, for what ready-made clients do not do: read slowly, stop half way, send nonsense.
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface WireMessage {
  readonly letter: string;
  readonly body: Buffer;
}

export function i16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => bytes.writeInt16BE(value, i * 2));
  return bytes;
}

export function i32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeInt32BE(value | 0, i * 4));
  return bytes;
}

export function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

/** A message with a letter. */
export function message(letter: string, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(letter), i32(body.length + 4), body]);
}

/** A message without one. */
export function packet(...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([i32(body.length + 4), body]);
}

function startupPacket(database: string, version = 196_608): Buffer {
  const parameters = ["user", "somebody", "database", database, ""].map(cstring);
  return packet(i32(version), ...parameters);
}

/** What an error or a notice says, by the letters of its fields. */
export function fieldsOf({ body }: WireMessage): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const field of body.toString().split("\0")) {
    if (field !== "") fields[field.charAt(0)] = field.slice(1);
  }
  return fields;
}

/** A socket whose bytes are read as messages when they are asked for. */
export class Wire {
  readonly socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);
  #isOver = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("end", () => (this.#isOver = true));
    socket.on("close", () => (this.#isOver = true));
  }

  static async open(address: string): Promise<Wire> {
    const { hostname, port } = new URL(`tcp://${address}`);
    const wire = new Wire(connect(Number(port), hostname));
    await once(wire.socket, "connect");
    return wire;
  }

  /** Opens a connection and logs in; what is said up to the first ReadyForQuery is returned, too. */
  static async logIn(
    address: string,
    database: string,
    token: string,
  ): Promise<{ readonly wire: Wire; readonly greeting: readonly WireMessage[] }> {
    const wire = await Wire.open(address);
    wire.send(startupPacket(database), message("p", cstring(token)));
    return { wire, greeting: await wire.until("Z") };
  }

  send(...messages: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(messages));
  }

  /** Waits for `count` bytes; fewer at the end of the connection. */
  async bytes(count: number): Promise<Buffer> {
    while (this.#buffer.length < count) {
      const chunk = this.socket.read() as Buffer | null;
      if (chunk !== null) {
        this.#buffer = Buffer.concat([this.#buffer, chunk]);
        continue;
      }
      if (this.#isOver || this.socket.readableEnded || this.socket.destroyed) break;
      await Promise.race(["readable", "end", "close"].map((event) => once(this.socket, event)));
    }
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  /** The next message, or undefined at the end of the connection. */
  async next(): Promise<WireMessage | undefined> {
    const head = await this.bytes(5);
    if (head.length < 5) return undefined;
    const length = head.readInt32BE(1) - 4;
    return { letter: head.toString("latin1", 0, 1), body: await this.bytes(length) };
  }

  /** Messages up to the first of a letter, that one included, or to the end. */
  async until(letter: string): Promise<WireMessage[]> {
    const messages: WireMessage[] = [];
    for (;;) {
      const found = await this.next();
      if (found === undefined) return messages;
      messages.push(found);
      if (found.letter === letter) return messages;
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

/** The letters of messages, and the SQLSTATE where one is an error: `1 2 E42601 Z`. */
export function letters(messages: readonly WireMessage[]): string {
  return messages
    .map((each) => (each.letter === "E" ? `E${fieldsOf(each)["C"]}` : each.letter))
    .join(" ");
}
