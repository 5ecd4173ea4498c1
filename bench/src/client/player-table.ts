// The table that the client mirrors: players that move. What a row holds follows from its id and a version.
import {
  ConnectionId,
  Identity,
  primitive,
  product,
  ref,
  RowListWriter,
  type RowListView,
  type ServerMessage,
  Reader,
  readRowList,
  Writer,
  writeServerMessage,
} from "@lightcone/abi";
import {
  type IndexedTable,
  type KeyedTable,
  type ModuleSchema,
  rowIndexes,
} from "@lightcone/sdk-client";

interface Player {
  readonly id: bigint;
  readonly name: string;
  readonly room: number;
  readonly score: bigint;
  readonly x: number;
  readonly y: number;
}

/** The module, as generated bindings have it. */
export interface Game {
  readonly tables: {
    readonly player: KeyedTable<Player, Pick<Player, "id">> &
      IndexedTable<Player, { readonly byRoomAndScore: readonly ["room", "score"] }>;
  };
  readonly reducers: object;
  readonly rows: { readonly player: Player };
}

const roomCount = 1000;

export const game: ModuleSchema<Game> = {
  types: [
    product({
      id: primitive("u64"),
      name: primitive("string"),
      room: primitive("u32"),
      score: primitive("i64"),
      x: primitive("f64"),
      y: primitive("f64"),
    }),
  ],
  tables: {
    player: {
      name: "player",
      row: ref(0),
      primaryKey: "id",
      uniques: [["id"]],
      isEvent: false,
      indexes: rowIndexes({ byRoomAndScore: ["room", "score"] }),
    },
  },
  reducers: {},
};

function writeRow(writer: Writer, id: number, version: number): void {
  writer.u64(BigInt(id));
  writer.string(`player ${id}`);
  writer.u32((id + version) % roomCount);
  writer.i64(BigInt(version * 10));
  writer.f64(id + version);
  writer.f64(id - version);
}

/**
 * Makes frames as a server sends them, in memory that it keeps: what it threw away would be collected while the clock of the
 * client runs.
 */
export class FrameMaker {
  readonly #list = new RowListWriter();
  readonly #row = new Writer();
  readonly #writer = new Writer();

  /** The rows with these ids; `versionOf` says which state of each. */
  players(ids: Iterable<number>, versionOf: (id: number) => number): RowListView {
    this.#list.clear();
    for (const id of ids) {
      this.#row.clear();
      writeRow(this.#row, id, versionOf(id));
      this.#list.append(this.#row.memory, 0, this.#row.length);
    }
    this.#writer.clear();
    this.#list.writeTo(this.#writer);
    return readRowList(new Reader(this.#writer.finish()));
  }

  /** One message, uncompressed. */
  frame(message: ServerMessage): Uint8Array {
    this.#writer.clear();
    this.#writer.u8(0);
    writeServerMessage(this.#writer, message);
    return this.#writer.finish();
  }
}

export const greeting: ServerMessage = {
  kind: "initialConnection",
  identity: new Identity(1n),
  connectionId: new ConnectionId(1n),
  token: "token",
};
