// Generated from the module's definition. Do not edit: the next generation overwrites it.

import * as sdk from "@lightcone/sdk-client";

/** Arguments of the reducer `seed`. */
export interface SeedArgs {
  readonly n: number;
  readonly balance: bigint;
}

/** Arguments of the reducer `transfer`. */
export interface TransferArgs {
  readonly from: number;
  readonly to: number;
  readonly amount: bigint;
}

/** The reducers, by the names that they have here: the type of `connection.reducers`. */
export interface DbReducers {
  /** Calls the reducer `seed`. */
  readonly seed: (args: SeedArgs) => Promise<sdk.CallResult>;
  /** Calls the reducer `transfer`. */
  readonly transfer: (args: TransferArgs) => Promise<sdk.CallResult>;
}

export const reducerSchemas: Readonly<Record<keyof DbReducers, sdk.ReducerSchema>> = {
  seed: {
    name: "seed",
    params: sdk.product({
      n: sdk.primitive("u32"),
      balance: sdk.primitive("i64"),
    }),
  },
  transfer: {
    name: "transfer",
    params: sdk.product({
      from: sdk.primitive("u32"),
      to: sdk.primitive("u32"),
      amount: sdk.primitive("i64"),
    }),
  },
};
