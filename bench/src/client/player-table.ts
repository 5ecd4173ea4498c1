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

/** The rows with these ids as a server sends them; `versionOf` says which state of each. */
export function playerList(ids: Iterable<number>, versionOf: (id: number) => number): RowListView {
  const list = new RowListWriter();
  const row = new Writer();
  for (const id of ids) {
    row.clear();
    writeRow(row, id, versionOf(id));
    list.append(row.memory, 0, row.length);
  }
  const writer = new Writer(list.dataLength + list.count * 8 + 64);
  list.writeTo(writer);
  return readRowList(new Reader(writer.finish()));
}

/** A frame of one message, uncompressed. */
export function frameOf(message: ServerMessage): Uint8Array {
  const writer = new Writer();
  writer.u8(0);
  writeServerMessage(writer, message);
  return writer.finish();
}

export const greeting: ServerMessage = {
  kind: "initialConnection",
  identity: new Identity(1n),
  connectionId: new ConnectionId(1n),
  token: "token",
};
