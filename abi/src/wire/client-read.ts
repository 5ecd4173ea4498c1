// What messages of clients have in common in all versions of the protocol.
import type { Reader } from "../bytes/reader.ts";
import { LightconeError } from "../error.ts";

/** The texts of queries. Throws LC_FRAME_INVALID for more of them than the frame has room for. */
export function readQueries(reader: Reader): string[] {
  const count = reader.u32("number of queries");
  // Each query takes at least its length, so a larger count is a lie that must not cost memory.
  if (count > reader.remaining / 4) {
    throw new LightconeError("LC_FRAME_INVALID", `a frame claims ${count} queries`);
  }
  const queries: string[] = [];
  for (let i = 0; i < count; i++) queries.push(reader.string());
  return queries;
}

/** A tag of a sum without payloads. Throws LC_FRAME_INVALID beyond `highest`. */
export function readFlags(reader: Reader, highest: number): number {
  const flags = reader.u8();
  if (flags > highest) throw new LightconeError("LC_FRAME_INVALID", `unknown flags ${flags}`);
  return flags;
}
