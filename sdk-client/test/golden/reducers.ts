// Generated from the module's definition. Do not edit: the next generation overwrites it.

import * as sdk from "@lightcone/sdk-client";
import type * as types from "./types.js";

/** Arguments of the reducer `draw`. */
export interface DrawArgs {
  readonly shape: types.GeoShape;
  readonly by: sdk.Identity;
  readonly parts: Uint8Array;
}

/** Arguments of the reducer `send_message`. */
export interface SendMessageArgs {
  readonly text: string;
  readonly replyTo: bigint | undefined;
}

/** The reducers, by the names that they have here: the type of `connection.reducers`. */
export interface DbReducers {
  /** Calls the reducer `clear_all`. */
  readonly clearAll: () => Promise<sdk.CallResult>;
  /** Calls the reducer `draw`. */
  readonly draw: (args: DrawArgs) => Promise<sdk.CallResult>;
  /** Calls the reducer `send_message`. */
  readonly sendMessage: (args: SendMessageArgs) => Promise<sdk.CallResult>;
}

export const reducerSchemas: Readonly<Record<keyof DbReducers, sdk.ReducerSchema>> = {
  clearAll: {
    name: "clear_all",
    params: sdk.unitType,
  },
  draw: {
    name: "draw",
    params: sdk.product({
      shape: sdk.ref(3),
      by: sdk.identityType,
      parts: sdk.bytesType,
    }),
  },
  sendMessage: {
    name: "send_message",
    params: sdk.product({
      text: sdk.primitive("string"),
      replyTo: sdk.option(sdk.primitive("u64")),
    }),
  },
};
