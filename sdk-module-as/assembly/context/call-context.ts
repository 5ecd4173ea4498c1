// What every call knows: who calls, when, and numbers drawn for this call alone.
import * as sys from "../sys";
import { Random } from "../random";
import { ConnectionId } from "../types/connection-id";
import { Identity } from "../types/identity";
import { Timestamp } from "../types/timestamp";
import { Uuid } from "../types/uuid";

const identityBytes: usize = memory.data(32);
let databaseIdentity: Identity | null = null;

/** The identity of the database itself. */
export function ownIdentity(): Identity {
  let identity = databaseIdentity;
  if (!identity) {
    sys.identity(<u32>identityBytes);
    identity = new Identity(
      load<u64>(identityBytes),
      load<u64>(identityBytes, 8),
      load<u64>(identityBytes, 16),
      load<u64>(identityBytes, 24),
    );
    databaseIdentity = identity;
  }
  return identity;
}

/** The values are made when they are asked for: most calls need few of them. */
export class CallContext {
  protected s0: u64 = 0;
  protected s1: u64 = 0;
  protected s2: u64 = 0;
  protected s3: u64 = 0;
  protected c0: u64 = 0;
  protected c1: u64 = 0;
  protected micros: i64 = 0;
  private heldSender: Identity | null = null;
  private heldRandom: Random | null = null;

  /** For the generated code: a call begins. */
  begin(s0: u64, s1: u64, s2: u64, s3: u64, c0: u64, c1: u64, micros: i64): void {
    this.s0 = s0;
    this.s1 = s1;
    this.s2 = s2;
    this.s3 = s3;
    this.c0 = c0;
    this.c1 = c1;
    this.micros = micros;
    this.heldSender = null;
    this.heldRandom = null;
  }

  /** Who calls; the database itself for what it schedules. */
  get sender(): Identity {
    let sender = this.heldSender;
    if (!sender) {
      sender = new Identity(this.s0, this.s1, this.s2, this.s3);
      this.heldSender = sender;
    }
    return sender;
  }

  /** The caller's connection; null where the host calls by itself. */
  get connectionId(): ConnectionId | null {
    return (this.c0 | this.c1) == 0 ? null : new ConnectionId(this.c0, this.c1);
  }

  /** The time of the call. It does not go on while the call runs. */
  get timestamp(): Timestamp {
    return new Timestamp(this.micros);
  }

  /** The identity of the database. */
  get identity(): Identity {
    return ownIdentity();
  }

  /** Numbers of this call: not for secrets. */
  get random(): Random {
    let random = this.heldRandom;
    if (!random) {
      random = Random.ofCall(this.timestamp, this.sender, this.connectionId);
      this.heldRandom = random;
    }
    return random;
  }

  /** A UUID of random bits. */
  newUuidV4(): Uuid {
    return Uuid.v4(this.random);
  }

  /** A UUID that begins with the time of the call: later ones are greater. */
  newUuidV7(): Uuid {
    return Uuid.v7(this.random, this.timestamp);
  }
}
