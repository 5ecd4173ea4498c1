// Random numbers of a call. They follow from what the host says of the call, not from chance, as a
// module has no other source: nobody should draw keys or tokens from them.
import { ConnectionId } from "./types/connection-id";
import { Identity } from "./types/identity";
import { Timestamp } from "./types/timestamp";

// The timestamp alone, which the Rust crate takes, gives two calls within one microsecond the same
// numbers, and so the same UUIDs. The caller tells apart calls that several instances run at once;
// this number those of one instance.
let callNumber: u64 = 0;

/** xoshiro256**, by David Blackman and Sebastiano Vigna (public domain). */
export class Random {
  private s0: u64 = 0;
  private s1: u64 = 0;
  private s2: u64 = 0;
  private s3: u64 = 0;

  /** The same seed gives the same numbers. For the numbers of a call use `context.random`. */
  constructor(seed: u64) {
    this.absorb(seed);
  }

  /** The numbers of the call that now begins. */
  static ofCall(
    timestamp: Timestamp,
    sender: Identity | null = null,
    connectionId: ConnectionId | null = null,
  ): Random {
    const random = new Random(<u64>timestamp.micros);
    random.absorb(++callNumber);
    if (sender) {
      random.absorb(sender.w0);
      random.absorb(sender.w1);
    }
    if (connectionId) {
      random.absorb(connectionId.lo);
      random.absorb(connectionId.hi);
    }
    return random;
  }

  /** Every bit is as likely as any other. */
  u64(): u64 {
    const result = rotl<u64>(this.s1 * 5, 7) * 9;
    const shifted = this.s1 << 17;
    this.s2 ^= this.s0;
    this.s3 ^= this.s1;
    this.s1 ^= this.s2;
    this.s0 ^= this.s3;
    this.s2 ^= shifted;
    this.s3 = rotl<u64>(this.s3, 45);
    return result;
  }

  u32(): u32 {
    return <u32>(this.u64() >> 32);
  }

  bool(): bool {
    return <i64>this.u64() < 0;
  }

  /** At least 0 and below 1, in steps of 2^-53. */
  f64(): f64 {
    return <f64>(this.u64() >> 11) * (1.0 / 9007199254740992.0);
  }

  /** At least `low` and below `high`, each as likely as the others, for any integer type. */
  range<T>(low: T, high: T): T {
    if (!isInteger<T>()) ERROR("Random.range needs integers");
    assert(low < high, "an empty range of random numbers");
    return <T>(<u64>low + this.below(<u64>high - <u64>low));
  }

  /** Below `bound`: what would make small numbers likelier is drawn again. */
  private below(bound: u64): u64 {
    const uneven = (0 - bound) % bound;
    let value = this.u64();
    while (value < uneven) value = this.u64();
    return value % bound;
  }

  bytes(count: i32): Uint8Array {
    const result = new Uint8Array(count);
    this.fill(result);
    return result;
  }

  fill(target: Uint8Array): void {
    let bits: u64 = 0;
    for (let i = 0; i < target.length; i++) {
      if ((i & 7) == 0) bits = this.u64();
      unchecked((target[i] = <u8>bits));
      bits >>= 8;
    }
  }

  /** Brings the elements into an order drawn at random, in place. */
  shuffle<T>(array: T[]): void {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.range<i32>(0, i + 1);
      const kept = unchecked(array[i]);
      unchecked((array[i] = array[j]));
      unchecked((array[j] = kept));
    }
  }

  /** Stirs a word into the state: each of its bits changes about half of the bits of every word. */
  private absorb(word: u64): void {
    let at = this.s0 ^ word;
    at += 0x9e3779b97f4a7c15;
    this.s0 = mix(at) ^ this.s1;
    at += 0x9e3779b97f4a7c15;
    this.s1 = mix(at) ^ this.s2;
    at += 0x9e3779b97f4a7c15;
    this.s2 = mix(at) ^ this.s3;
    at += 0x9e3779b97f4a7c15;
    this.s3 = mix(at);
    // Of all states only this one would give zeros for ever.
    if ((this.s0 | this.s1 | this.s2 | this.s3) == 0) this.s0 = 1;
  }
}

/** SplitMix64's finisher, by Sebastiano Vigna (public domain). */
function mix(value: u64): u64 {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}
