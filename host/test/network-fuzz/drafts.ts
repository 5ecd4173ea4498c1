// What clients say, whatever protocol they speak: encoding.ts makes templates of it.
import { Writer } from "@lightcone/abi";
import type { HoleKind, Reach } from "./template.ts";

/** A part of a call's arguments that chance may change. */
interface OpenPart {
  /** Found in the arguments as BSATN, and as JSON. */
  readonly bytes: Uint8Array;
  readonly digits: string;
  readonly kind: HoleKind;
}

export interface CallDraft {
  readonly kind: "call";
  readonly reach: Reach;
  readonly isProcedure: boolean;
  readonly name: string;
  /** Letters of the name may change. */
  readonly isNameOpen: boolean;
  /** The same arguments in both forms, or what is none in either. */
  readonly args: Uint8Array;
  readonly json: string;
  readonly open: readonly OpenPart[];
  /** The caller does not want to be told (v1). */
  readonly isSilent: boolean;
}

export type Draft =
  | CallDraft
  | { readonly kind: "query"; readonly text: string }
  /** Of several forms of v1 that with one text can take only one. */
  | { readonly kind: "subscribe"; readonly texts: readonly string[] }
  | { readonly kind: "unsubscribe"; readonly isLoud: boolean };

const queries = [
  "SELECT * FROM account WHERE id = 7",
  "SELECT * FROM account WHERE id < 20",
  "SELECT a.* FROM account a JOIN account b ON a.id = b.id WHERE b.id = 3",
  "SELECT * FROM account WHERE balance <> 1000 AND id > 490",
  "SELECT * FROM account WHERE id > 100 AND id < 350",
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

function call(
  reach: Reach,
  name: string,
  args: Uint8Array,
  json: string,
  more: Partial<CallDraft> = {},
): CallDraft {
  return {
    kind: "call",
    reach,
    isProcedure: false,
    name,
    isNameOpen: false,
    args,
    json,
    open: [],
    isSilent: false,
    ...more,
  };
}

function words(...values: readonly number[]): Uint8Array {
  const writer = new Writer(16);
  for (const value of values) writer.u32(value);
  return writer.finish();
}

/** Bytes that are found again in a message. */
function mark(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 0xa0 + (i % 0x50));
}

const from = { bytes: words(0xa1a2a3a4), digits: "321", kind: "account" } as const;
const to = { bytes: words(0xb1b2b3b4), digits: "432", kind: "account" } as const;
const amount = { bytes: words(0xc1c2c3c4, 0xd1d2d3d4), digits: "7", kind: "amount" } as const;

function transfer(open: readonly OpenPart[], more: Partial<CallDraft> = {}): CallDraft {
  const args = words(0xa1a2a3a4, 0xb1b2b3b4, 0xc1c2c3c4, 0xd1d2d3d4);
  return call("reducer", "transfer", args, "[321,432,7]", { open, ...more });
}

const anyBytes = (args: Uint8Array, digits: string): readonly OpenPart[] => [
  { bytes: args, digits, kind: "bytes" },
];

/** Calls of the bank that make its module run. */
export const transfers: readonly Draft[] = [
  transfer([from, to, amount]),
  transfer([from, to, amount]),
  transfer([from, to, amount], { isSilent: true }),
  // Almost always accounts that do not exist.
  transfer(anyBytes(words(0xa1a2a3a4, 0xb1b2b3b4), "321")),
];

const unknown = { isNameOpen: true } as const;

function refusedCalls(isProcedure: boolean): readonly Draft[] {
  const all = { isProcedure } as const;
  const reach = "refused call";
  return [
    call(reach, "no_such_function", mark(8), '["abcdefgh"]', {
      ...all,
      ...unknown,
      open: anyBytes(mark(8), "abcdefgh"),
    }),
    call(reach, "no_such_function", new Uint8Array(0), "[]", { ...all, isSilent: !isProcedure }),
    call(reach, "", mark(1), "[", { ...all, open: anyBytes(mark(1), "[") }),
    call(reach, "client_connected", new Uint8Array(0), "[]", all),
    call(reach, "init", mark(3), "null", all),
    call(reach, "é".repeat(300), mark(30), "{}", { ...all, open: anyBytes(mark(30), "{}") }),
    // Too few bytes for what the reducer takes, and too many values.
    call(reach, "transfer", mark(13), "[1,2,3,4]", { ...all, open: anyBytes(mark(13), "1,2,3") }),
    call(reach, "transfer", mark(3), '{"from":1}', { ...all, open: anyBytes(mark(3), "from") }),
  ];
}

export const refusedReducers: readonly Draft[] = refusedCalls(false);
export const refusedProcedures: readonly Draft[] = refusedCalls(true);

function procedure(
  name: string,
  args: Uint8Array,
  json: string,
  open: readonly OpenPart[] = [],
): CallDraft {
  return call("procedure", name, args, json, { isProcedure: true, open });
}

/** Procedures of the kitchen. */
export const procedures: readonly Draft[] = [
  procedure("return_nothing", new Uint8Array(0), "[]"),
  procedure("return_sum", words(0xa1a2a3a4, 0xb1b2b3b4), "[321,432]", [from, to]),
  procedure("return_result", words(0xa1a2a3a4), "[-321]", anyBytes(words(0xa1a2a3a4), "321")),
  procedure("return_option", Uint8Array.of(0, 0xa4, 0xa3, 0xa2, 0xa1), '[{"some":321}]', [from]),
  procedure("return_caller", new Uint8Array(0), "[]"),
  // A transaction that is taken back.
  procedure("try_parcel", Uint8Array.of(0xa4, 0xa3, 0xa2, 0xa1, 1), "[321,true]", [from]),
];

export const oneOffQueries: readonly Draft[] = queries.map((text) => ({ kind: "query", text }));

/** None, one, two or three of the queries. */
export const subscribes: readonly Draft[] = [
  { kind: "subscribe", texts: [] },
  ...queries.map((text): Draft => ({ kind: "subscribe", texts: [text] })),
  ...[0, 1, 2, 3].map((i): Draft => ({
    kind: "subscribe",
    texts: queries.slice(i, i + 2 + (i % 2)),
  })),
];

export const unsubscribes: readonly Draft[] = [
  { kind: "unsubscribe", isLoud: true },
  { kind: "unsubscribe", isLoud: false },
];

/** Takes a frame whose length has 64 bits. */
export const largeCall: Draft = call(
  "refused call",
  "no_such_function",
  new Uint8Array(70_000),
  `[${"1,".repeat(40_000)}1]`,
);
