// Generated from the module's definition. Do not edit: the next generation overwrites it.

import * as sdk from "@lightcone/sdk-client";

/** A row of the table `message`. */
export interface Message {
  /** Primary key. Numbered by the database where a reducer inserts 0. */
  readonly id: bigint;
  readonly sender: sdk.Identity;
  readonly sent: sdk.Timestamp;
  readonly text: string;
}

/** A row of the table `user`. */
export interface User {
  /** Primary key. */
  readonly identity: sdk.Identity;
  readonly name: string | undefined;
  readonly online: boolean;
}

/** What the types are at run time. References are positions in this list. */
export const typespace: sdk.Typespace = [
  // 0: Message
  sdk.product({
    id: sdk.primitive("u64"),
    sender: sdk.identityType,
    sent: sdk.timestampType,
    text: sdk.primitive("string"),
  }),
  // 1: User
  sdk.product({
    identity: sdk.identityType,
    name: sdk.option(sdk.primitive("string")),
    online: sdk.primitive("bool"),
  }),
];
