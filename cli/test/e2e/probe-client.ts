// A client of our own library for the module `probe`, whose hosts come and go.
import { primitive, product, ref } from "@lightcone/abi";
import {
  type CallResult,
  connectionBuilder,
  type DbConnection,
  type KeyedTable,
  memoryTokenStore,
  type ModuleSchema,
} from "@lightcone/sdk-client";

interface Item {
  readonly id: number;
  readonly text: string;
}

export interface Probe {
  readonly tables: { readonly item: KeyedTable<Item, Pick<Item, "id">> };
  readonly reducers: {
    insertBoth(args: { readonly first: number; readonly second: number }): Promise<CallResult>;
  };
  readonly rows: { readonly item: Item };
}

const u32 = primitive("u32");

const probe: ModuleSchema<Probe> = {
  types: [product({ id: u32, text: primitive("string") })],
  tables: {
    item: { name: "item", row: ref(0), primaryKey: "id", uniques: [["id"]], isEvent: false },
  },
  reducers: { insertBoth: { name: "insert_both", params: product({ first: u32, second: u32 }) } },
};

/** With confirmed reads; comes back soon after its connection is lost. */
export function connect(url: string): DbConnection<Probe> {
  return connectionBuilder(probe)
    .withUri(url)
    .withDatabaseName("probe")
    .withConfirmedReads(true)
    .withTokenStore(memoryTokenStore())
    .withReconnect({ firstDelayMs: 20, delayMsMax: 200 })
    .build();
}
