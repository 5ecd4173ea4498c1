// Generated from the module's definition. Do not edit: the next generation overwrites it.

import * as sdk from "@lightcone/sdk-client";

/** Arguments of the reducer `send_message`. */
export interface SendMessageArgs {
  readonly text: string;
}

/** Arguments of the reducer `set_name`. */
export interface SetNameArgs {
  readonly name: string;
}

/** The reducers, by the names that they have here: the type of `connection.reducers`. */
export interface DbReducers {
  /** Calls the reducer `send_message`. */
  sendMessage(args: SendMessageArgs): Promise<sdk.CallResult>;
  /** Calls the reducer `set_name`. */
  setName(args: SetNameArgs): Promise<sdk.CallResult>;
}

export const reducerSchemas: Readonly<Record<keyof DbReducers, sdk.ReducerSchema>> = {
  sendMessage: {
    name: "send_message",
    params: sdk.product({
      text: sdk.primitive("string"),
    }),
  },
  setName: {
    name: "set_name",
    params: sdk.product({
      name: sdk.primitive("string"),
    }),
  },
};
