// Messages of clients by chance: most of them such as a client could send, some with something wrong in them.
import {
  writeCallProcedure,
  writeCallReducer,
  writeOneOffQuery,
  Writer,
  writeSubscribe,
  writeUnsubscribe,
} from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";

/** Accounts of the bank that is called. */
export const accountCount = 500;

const queries = [
  "SELECT * FROM account WHERE id = 7",
  "SELECT * FROM account WHERE id < 20",
  "SELECT a.* FROM account a JOIN account b ON a.id = b.id WHERE b.id = 3",
  "SELECT * FROM account WHERE balance <> 1000 AND id > 490",
  "SELECT * FROM st_table",
  "SELECT * FROM nothing",
  "SELECT id FROM account",
  "SELECT * FROM account WHERE id = 'x'",
  "DELETE FROM account",
  "",
  "(((((((((((((((((((((",
  "SELECT * FROM account WHERE id = 99999999999999999999999999999999999999999",
  "\u0000\ud83d\ude00",
] as const;

const names = ["transfer", "no_such", "", "client_connected", "init", "é".repeat(300)] as const;

function anyId(rng: Rng): number {
  return rng.nextBelow(4) === 0 ? rng.nextU32() : rng.nextBelow(6);
}

function randomBytes(rng: Rng, lengthMax: number): Uint8Array {
  return Uint8Array.from({ length: rng.nextBelow(lengthMax + 1) }, () => rng.nextBelow(256));
}

function transferArguments(rng: Rng): Uint8Array {
  const writer = new Writer(16);
  // Some accounts do not exist, some sums are not to be had.
  writer.u32(rng.nextBelow(accountCount + 5));
  writer.u32(rng.nextBelow(accountCount + 5));
  writer.i64(BigInt(rng.nextBelow(20) - 2));
  return writer.finish();
}

/** A message of protocol v2 or v3 that can be decoded. */
export function randomMessage(rng: Rng): Uint8Array {
  const writer = new Writer();
  switch (rng.nextBelow(8)) {
    case 0: {
      const texts = Array.from({ length: rng.nextBelow(4) }, () => rng.pick(queries));
      writeSubscribe(writer, anyId(rng), anyId(rng), texts);
      break;
    }
    case 1:
      writeUnsubscribe(writer, anyId(rng), anyId(rng), rng.nextBelow(2) === 0);
      break;
    case 2:
      writeOneOffQuery(writer, anyId(rng), rng.pick(queries));
      break;
    case 3:
      writeCallProcedure(writer, anyId(rng), rng.pick(names), randomBytes(rng, 30));
      break;
    case 4:
      writeCallReducer(writer, anyId(rng), rng.pick(names), randomBytes(rng, 30));
      break;
    default:
      writeCallReducer(writer, anyId(rng), "transfer", transferArguments(rng));
  }
  return writer.finish();
}

/** The same with something wrong, or something else altogether. */
export function spoil(rng: Rng, message: Uint8Array): Uint8Array {
  const bytes = message.slice();
  const at = rng.nextBelow(Math.max(1, bytes.length));
  switch (rng.nextBelow(6)) {
    case 0:
      return randomBytes(rng, 200);
    case 1:
      return bytes.subarray(0, at);
    case 2:
      bytes.fill(0xff, at, at + 4);
      return bytes;
    case 3:
      bytes[0] = rng.nextBelow(256);
      return bytes;
    case 4:
      return Buffer.concat([bytes.subarray(0, at), randomBytes(rng, 8), bytes.subarray(at)]);
    default:
      for (let i = rng.nextBelow(4); i >= 0; i--)
        bytes[rng.nextBelow(bytes.length)] = rng.nextBelow(256);
      return bytes;
  }
}
