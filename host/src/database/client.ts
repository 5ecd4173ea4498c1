// A connection as the database knows it: who it is, in every form that calls need, made once.
import type { ConnectionId, Identity } from "@lightcone/abi";
import type { CallerWords } from "../module/instance.ts";
import { Subscriber } from "../subscription/registry.ts";

export interface Client {
  readonly identity: Identity;
  readonly connectionId: ConnectionId;
  /** The claims of its token, as JSON text. */
  readonly jwtPayload: string;
  readonly isOwner: boolean;
  readonly words: CallerWords;
  /** On the wire: 32 and 16 bytes. */
  readonly identityBytes: Uint8Array;
  readonly connectionBytes: Uint8Array;
  readonly subscriber: Subscriber;
  /** What the log keeps of every call of this client, by the reducer's name in the log. */
  readonly inputsHeads: Map<Uint8Array, DataView>;
}

function word(value: bigint, position: number): bigint {
  return BigInt.asUintN(64, value >> BigInt(64 * position));
}

/** `id` numbers the connection inside its database. */
export function makeClient(
  id: number,
  identity: Identity,
  connectionId: ConnectionId,
  jwtPayload: string,
  isOwner: boolean,
): Client {
  const sender = identity.value;
  const connection = connectionId.value;
  return {
    identity,
    connectionId,
    jwtPayload,
    isOwner,
    words: {
      sender: [word(sender, 0), word(sender, 1), word(sender, 2), word(sender, 3)],
      connection: [word(connection, 0), word(connection, 1)],
    },
    identityBytes: identity.toBytes(),
    connectionBytes: connectionId.toBytes(),
    subscriber: new Subscriber(id),
    inputsHeads: new Map(),
  };
}
