// Generated from the module's definition. Do not edit: the next generation overwrites it.

import * as sdk from "@lightcone/sdk-client";

/** A row of the table `account`. */
export interface Account {
  /** Primary key. */
  readonly id: number;
  readonly balance: bigint;
}

/** What the types are at run time. References are positions in this list. */
export const typespace: sdk.Typespace = [
  // 0: Account
  sdk.product({
    id: sdk.primitive("u32"),
    balance: sdk.primitive("i64"),
  }),
];
