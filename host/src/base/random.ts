// Chance, as a parameter: the only place that asks the machine for it.
import { numberFromBytes, Uuid } from "@lightcone/abi";

/** A source of random numbers. Handed down, so that a seed replays a run. */
export interface Random {
  /** `count` new random bytes. */
  bytes(count: number): Uint8Array;
  /** 32 random bits as an unsigned integer. */
  u32(): number;
  /** 128 random bits as an unsigned integer. */
  u128(): bigint;
  /** A UUID of version 4 (RFC 9562), in lower case. */
  uuidV4(): string;
}

/** What every source can derive from its bytes. */
abstract class ByteRandom implements Random {
  abstract bytes(count: number): Uint8Array;

  u32(): number {
    return Number(numberFromBytes(this.bytes(4)));
  }

  u128(): bigint {
    return numberFromBytes(this.bytes(16));
  }

  uuidV4(): string {
    const version = 4n << 76n;
    const variant = 2n << 62n;
    const kept = this.u128() & ~(0xfn << 76n) & ~(3n << 62n);
    return new Uuid(kept | version | variant).toString();
  }
}

/** What the platform hands out in one request. */
const platformBytesMax = 65_536;

class SystemRandom extends ByteRandom {
  override bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at += platformBytesMax) {
      crypto.getRandomValues(bytes.subarray(at, at + platformBytesMax));
    }
    return bytes;
  }
}

/** The machine's source, fit for keys and identifiers nobody may guess. */
export const systemRandom: Random = new SystemRandom();

/**
 * Small fast counter generator with 128 bits of state (Chris Doty-Humphrey's sfc32): the same
 * numbers for the same seed on every machine. Not for secrets.
 */
class SeededRandom extends ByteRandom {
  #a: number;
  #b: number;
  #c = 0x9e3779b9 | 0;
  #count = 1;

  constructor(seed: number) {
    super();
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    // The first outputs still show the seed.
    for (let i = 0; i < 16; i++) this.u32();
  }

  override u32(): number {
    const result = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  override bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = this.u32() & 0xff;
    return bytes;
  }
}

/**
 * A source that repeats itself: for tests, simulations and replays. `seed` is a non-negative safe
 * integer.
 */
export function seededRandom(seed: number): Random {
  return new SeededRandom(seed);
}
