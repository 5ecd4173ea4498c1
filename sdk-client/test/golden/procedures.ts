// Generated from the module's definition. Do not edit: the next generation overwrites it.

import * as sdk from "@lightcone/sdk-client";
import type * as types from "./types.js";

/** Arguments of the procedure `find_shape`. */
export interface FindShapeArgs {
  readonly nearPoint: types.GeoPoint;
}

/** Arguments of the procedure `forget`. */
export interface ForgetArgs {
  readonly id: bigint;
}

/** The procedures, by the names that they have here: the type of `connection.procedures`. */
export interface DbProcedures {
  /** Calls the procedure `count_messages`. */
  readonly countMessages: () => Promise<bigint>;
  /** Calls the procedure `find_shape`. */
  readonly findShape: (args: FindShapeArgs) => Promise<types.GeoShape | undefined>;
  /** Calls the procedure `forget`. */
  readonly forget: (args: ForgetArgs) => Promise<sdk.Unit>;
}

export const procedureSchemas: Readonly<Record<keyof DbProcedures, sdk.ProcedureSchema>> = {
  countMessages: {
    name: "count_messages",
    params: sdk.unitType,
    returns: sdk.primitive("u64"),
  },
  findShape: {
    name: "find_shape",
    params: sdk.product({
      nearPoint: sdk.ref(2),
    }),
    returns: sdk.option(sdk.ref(3)),
  },
  forget: {
    name: "forget",
    params: sdk.product({
      id: sdk.primitive("u64"),
    }),
    returns: sdk.unitType,
  },
};
