// The module that the tests of the client connect to, written by hand in the form of generated bindings.
import {
  array,
  identityType,
  option,
  primitive,
  product,
  type ProductValue,
  ref,
  type Identity,
} from "@lightcone/abi";
import type { CallResult } from "../src/request.ts";
import type { ModuleSchema } from "../src/schema.ts";
import { rowIndexes } from "../src/row-index.ts";
import type { EventTable, IndexedTable, KeyedTable, Table } from "../src/table.ts";
import type { Unit } from "../src/value.ts";

type Message = { readonly id: bigint; readonly text: string; readonly likes: number };
type User = { readonly identity: Identity; readonly name: string | undefined };
type Word = { readonly word: string; readonly marks: readonly number[] };
type Ping = { readonly from: string };

export interface Chat {
  readonly tables: {
    readonly message: KeyedTable<Message, Pick<Message, "id"> | Pick<Message, "text" | "likes">> &
      IndexedTable<
        Message,
        {
          readonly byLikes: readonly ["likes"];
          readonly byLikesAndText: readonly ["likes", "text"];
        }
      >;
    readonly user: KeyedTable<User, Pick<User, "identity">>;
    readonly word: Table<Word>;
    readonly ping: EventTable<Ping>;
  };
  readonly reducers: {
    say(args: { readonly text: string }): Promise<CallResult>;
    clear(): Promise<CallResult>;
  };
  readonly procedures: {
    double(args: { readonly n: number }): Promise<bigint>;
    forget(): Promise<Unit>;
  };
  readonly rows: {
    readonly message: Message;
    readonly user: User;
    readonly word: Word;
    readonly ping: Ping;
  };
}

const string = primitive("string");

export const chat: ModuleSchema<Chat> = {
  types: [
    product({ id: primitive("u64"), text: string, likes: primitive("u32") }),
    product({ identity: identityType, name: option(string) }),
    product({ word: string, marks: array(primitive("u32")) }),
    product({ from: string }),
  ],
  tables: {
    message: {
      name: "message",
      row: ref(0),
      primaryKey: "id",
      uniques: [["id"], ["text", "likes"]],
      isEvent: false,
      indexes: rowIndexes({ byLikes: ["likes"], byLikesAndText: ["likes", "text"] }),
    },
    user: {
      name: "user",
      row: ref(1),
      primaryKey: "identity",
      uniques: [["identity"]],
      isEvent: false,
    },
    word: { name: "word", row: ref(2), primaryKey: undefined, uniques: [], isEvent: false },
    ping: { name: "ping", row: ref(3), primaryKey: undefined, uniques: [], isEvent: true },
  },
  reducers: {
    say: { name: "say_it", params: product({ text: string }) },
    clear: { name: "clear", params: product({}) },
  },
  procedures: {
    double: {
      name: "double_it",
      params: product({ n: primitive("u32") }),
      returns: primitive("u64"),
    },
    forget: { name: "forget", params: product({}), returns: product({}) },
  },
};

export function message(id: number, text: string, likes = 0): ProductValue {
  return { id: BigInt(id), text, likes };
}

/** A row as a word for the logs that tests compare. */
export function show(row: object): string {
  return Object.values(row)
    .map((value) => (Array.isArray(value) ? value.join("+") : String(value)))
    .join("/");
}
