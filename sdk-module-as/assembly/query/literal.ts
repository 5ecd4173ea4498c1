// Values as literals of SQL.
import { ConnectionId } from "../types/connection-id";
import { Identity } from "../types/identity";
import { Uuid } from "../types/uuid";
import { Timestamp } from "../types/timestamp";

const HEX: string = "0123456789abcdef";

/** `value` as it stands in a condition. */
export function literal<V>(value: V): string {
  if (isBoolean<V>()) return value ? "TRUE" : "FALSE";
  if (isInteger<V>() || isFloat<V>()) return value.toString();
  if (isString<V>()) return "'" + changetype<string>(value).replaceAll("'", "''") + "'";
  if (value instanceof Identity) return "0x" + changetype<Identity>(value).toHex();
  if (value instanceof ConnectionId) return "0x" + changetype<ConnectionId>(value).toHex();
  if (value instanceof Uuid) return "0x" + changetype<Uuid>(value).toString().replaceAll("-", "");
  if (value instanceof Timestamp) return "'" + changetype<Timestamp>(value).toString() + "'";
  if (value instanceof Uint8Array) return "0x" + hexText(changetype<Uint8Array>(value));
  return value.toString();
}

function hexText(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    text += HEX.charAt(bytes[i] >> 4) + HEX.charAt(bytes[i] & 15);
  }
  return text;
}
