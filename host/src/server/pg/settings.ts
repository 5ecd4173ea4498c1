// Settings of a session: clients set and read them, and none of them changes what this host does.
import { PgFault } from "./fault.ts";

/** What clients compare when they decide on what they may ask for. */
export const serverVersion = "15.0 (Lightcone)";

/** `server_version` as a number. */
const serverVersionNumber = "150000";

const initial: Readonly<Record<string, string>> = {
  application_name: "",
  bytea_output: "hex",
  client_encoding: "UTF8",
  client_min_messages: "notice",
  datestyle: "ISO, MDY",
  default_transaction_deferrable: "off",
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  extra_float_digits: "1",
  idle_in_transaction_session_timeout: "0",
  in_hot_standby: "off",
  integer_datetimes: "on",
  intervalstyle: "iso_8601",
  is_superuser: "off",
  lc_collate: "C",
  lc_ctype: "C",
  lc_messages: "C",
  lc_monetary: "C",
  lc_numeric: "C",
  lc_time: "C",
  lock_timeout: "0",
  max_identifier_length: "63",
  role: "none",
  row_security: "on",
  search_path: '"$user", public',
  server_encoding: "UTF8",
  server_version: serverVersion,
  server_version_num: serverVersionNumber,
  session_authorization: "",
  standard_conforming_strings: "on",
  statement_timeout: "0",
  timezone: "UTC",
  transaction_isolation: "read committed",
  transaction_read_only: "off",
  xmloption: "content",
};

/** Those that a client may set, and to what; undefined for anything. */
const settable: Readonly<Record<string, RegExp | undefined>> = {
  application_name: undefined,
  bytea_output: /^hex$/i,
  client_encoding: /^(?:utf-?8|unicode|default)$/i,
  client_min_messages: undefined,
  datestyle: /^iso(?:,\s*(?:mdy|dmy|ymd))?$/i,
  default_transaction_deferrable: undefined,
  default_transaction_isolation: undefined,
  default_transaction_read_only: undefined,
  extra_float_digits: undefined,
  idle_in_transaction_session_timeout: undefined,
  intervalstyle: /^iso_8601$/i,
  lc_messages: undefined,
  lc_monetary: undefined,
  lc_numeric: undefined,
  lc_time: undefined,
  lock_timeout: undefined,
  row_security: undefined,
  search_path: undefined,
  standard_conforming_strings: /^(?:on|true|yes|1)$/i,
  statement_timeout: undefined,
  timezone: /^(?:utc|gmt|z|etc\/utc|universal|0|\+00(?::00)?)$/i,
  transaction_isolation: undefined,
  transaction_read_only: undefined,
  xmloption: undefined,
};

/** Told to the client at the start, and again when they change; by the spelling that clients know. */
const reported: Readonly<Record<string, string>> = {
  application_name: "application_name",
  client_encoding: "client_encoding",
  datestyle: "DateStyle",
  default_transaction_read_only: "default_transaction_read_only",
  in_hot_standby: "in_hot_standby",
  integer_datetimes: "integer_datetimes",
  intervalstyle: "IntervalStyle",
  is_superuser: "is_superuser",
  server_encoding: "server_encoding",
  server_version: "server_version",
  session_authorization: "session_authorization",
  standard_conforming_strings: "standard_conforming_strings",
  timezone: "TimeZone",
};

/** The longest value that is kept. */
const valueLengthMax = 256;

export class Settings {
  readonly #values = new Map(Object.entries(initial));

  constructor(user: string) {
    this.#values.set("session_authorization", user.slice(0, valueLengthMax));
  }

  /** Names and values that the client is told at the start. */
  get reports(): (readonly [string, string])[] {
    return Object.entries(reported).map(([key, name]) => [name, this.get(key)]);
  }

  /** All names and values. */
  get all(): (readonly [string, string])[] {
    return [...this.#values];
  }

  /** Throws PgFault 42704 for a setting that there is not. */
  get(name: string): string {
    const value = this.#values.get(name.toLowerCase());
    if (value !== undefined) return value;
    throw new PgFault("42704", `unrecognized configuration parameter "${name.slice(0, 64)}"`);
  }

  /**
   * Keeps a value, the first one if it is undefined; returns what the client is to be told of. Throws PgFault 42704, 55P02 for a
   * setting that cannot be changed, 22023 for a value that this host does not honour.
   */
  set(name: string, value: string | undefined): readonly [string, string] | undefined {
    const key = name.toLowerCase();
    const known = this.get(key);
    if (!Object.hasOwn(settable, key)) {
      throw new PgFault("55P02", `parameter "${name}" cannot be changed`);
    }
    const next = (value ?? initial[key] ?? "").slice(0, valueLengthMax);
    if (settable[key]?.test(next) === false && next !== initial[key]) {
      throw new PgFault("22023", `invalid value for parameter "${name}": "${next}"`);
    }
    const kept = settable[key] === undefined ? next : (initial[key] ?? next);
    this.#values.set(key, kept);
    const report = reported[key];
    return report === undefined || kept === known ? undefined : [report, kept];
  }

  /** Puts back all that can be set; returns what the client is to be told of. */
  reset(): (readonly [string, string])[] {
    return Object.keys(settable).flatMap((key) => {
      const report = this.set(key, undefined);
      return report === undefined ? [] : [report];
    });
  }
}
