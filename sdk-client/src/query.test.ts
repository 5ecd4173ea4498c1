// The text of built queries, and what they refuse.
import { ConnectionId, Identity, Timestamp, Uuid } from "@lightcone/abi";
import { test } from "tap";
import { tables } from "../test/golden/index.js";
import { type Query, sender } from "./query.ts";

const { everything, mailOutbox2, message, messageLog, myMessages, ping } = tables;

const texts: readonly (readonly [Query<unknown>, string])[] = [
  [message, 'SELECT * FROM "message"'],
  [mailOutbox2, 'SELECT * FROM "mail"."outbox_2"'],
  [myMessages.where((row) => row.roomId.eq(1)), 'SELECT * FROM "my_messages" WHERE "room_id" = 1'],
  [ping.where((row) => row.x.lt(0.5)), 'SELECT * FROM "ping" WHERE "x" < 0.5'],
  [
    message.where(({ id, text }) => id.ge(18n).and(text.eq("it's"))),
    `SELECT * FROM "message" WHERE "id" >= 18 AND "text" = 'it''s'`,
  ],
  [
    message.where(({ id }) =>
      id
        .eq(1n)
        .or(id.eq(2n))
        .and(id.ne(3n).or(id.gt(4n).and(id.le(9n)))),
    ),
    'SELECT * FROM "message" WHERE ("id" = 1 OR "id" = 2) AND ("id" <> 3 OR "id" > 4 AND "id" <= 9)',
  ],
  [
    message.where(({ id }) => id.eq(1n).or(id.eq(2n))).where(({ id }) => id.lt(9n)),
    'SELECT * FROM "message" WHERE ("id" = 1 OR "id" = 2) AND "id" < 9',
  ],
  [
    everything.where(({ aU8, aI8 }) => aU8.eq(aU8).and(aI8.eq(-1))),
    'SELECT * FROM "everything" WHERE "a_u8" = "a_u8" AND "a_i8" = -1',
  ],
  [
    message
      .where(({ text }) => text.eq("a").or(text.eq("b")))
      .leftSemijoin(
        everything.where(({ aBool }) => aBool.eq(true)),
        (left, right) => left.id.eq(right.id),
      ),
    'SELECT "l".* FROM "message" AS "l" JOIN "everything" AS "r" ON "l"."id" = "r"."id" ' +
      `WHERE ("l"."text" = 'a' OR "l"."text" = 'b') AND "r"."a_bool" = TRUE`,
  ],
  [
    mailOutbox2.rightSemijoin(messageLog, (left, right) => right.weight.eq(left.weight)),
    'SELECT "r".* FROM "mail"."outbox_2" AS "l" JOIN "message_log" AS "r" ' +
      'ON "r"."weight" = "l"."weight"',
  ],
];

void test("texts", (t) => {
  for (const [query, text] of texts) t.equal(query.toSql(), text);
  t.end();
});

void test("literals", (t) => {
  const check = (query: Query<unknown>, literal: string): void => {
    t.equal(query.toSql().replace(/^.* = /s, ""), literal);
  };
  const { where } = { where: everything.where.bind(everything) };
  check(
    where(({ aBool }) => aBool.eq(false)),
    "FALSE",
  );
  check(
    where(({ aString }) => aString.eq("ä\n'\\")),
    "'ä\n''\\'",
  );
  check(
    where(({ aI128 }) => aI128.eq(-(2n ** 127n))),
    "-170141183460469231731687303715884105728",
  );
  check(
    where(({ aF64 }) => aF64.eq(-1.5e-30)),
    "-1.5e-30",
  );
  check(
    where(({ aF64 }) => aF64.eq(1e21)),
    "1e+21",
  );
  check(
    where(({ aF64 }) => aF64.eq(-0)),
    "-0",
  );
  check(
    where(({ aF64 }) => aF64.eq(Number.POSITIVE_INFINITY)),
    "1e999",
  );
  check(
    where(({ aF64 }) => aF64.eq(Number.NEGATIVE_INFINITY)),
    "-1e999",
  );
  check(
    where(({ someBytes }) => someBytes.eq(Uint8Array.of(1, 255))),
    "X'01ff'",
  );
  check(
    where(({ someBytes }) => someBytes.eq(Uint8Array.of())),
    "X''",
  );
  check(
    where(({ identity }) => identity.eq(new Identity(10n))),
    `0x${"a".padStart(64, "0")}`,
  );
  check(
    where(({ identity }) => identity.eq(sender)),
    ":sender",
  );
  check(
    where(({ connectionId }) => connectionId.eq(new ConnectionId(1n))),
    `0x${"1".padStart(32, "0")}`,
  );
  check(
    where(({ uuid }) => uuid.eq(new Uuid(1n))),
    "'00000000-0000-0000-0000-000000000001'",
  );
  const times: readonly (readonly [bigint, string])[] = [
    [0n, "1970-01-01T00:00:00.000000Z"],
    [-1n, "1969-12-31T23:59:59.999999Z"],
    [1_700_000_000_123_456n, "2023-11-14T22:13:20.123456Z"],
    [-62_167_219_200_000_000n, "0000-01-01T00:00:00.000000Z"],
    [253_402_300_799_999_999n, "9999-12-31T23:59:59.999999Z"],
  ];
  for (const [micros, text] of times) {
    check(
      where(({ sentAt }) => sentAt.eq(new Timestamp(micros))),
      `'${text}'`,
    );
  }
  t.end();
});

void test("what is refused", (t) => {
  const faults: readonly (readonly [() => unknown, RegExp])[] = [
    [() => message.where(({ id }) => id.eq(-1n)), /u64 \(in range\)/],
    [() => message.where(({ roomId }) => roomId.eq(1.5)), /u32/],
    [() => everything.where(({ aF64 }) => aF64.eq(Number.NaN)), /SQL has no NaN/],
    [
      () => everything.where(({ sentAt }) => sentAt.eq(new Timestamp(2n ** 62n))),
      /outside of the years/,
    ],
    [
      () => everything.where(({ sentAt }) => sentAt.lt(new Timestamp(253_402_300_800_000_000n))),
      /outside of the years/,
    ],
    [
      () =>
        message.where(({ id }) => {
          let foreign = id.eq(1n);
          everything.where((other) => {
            foreign = other.id.eq(1n);
            return foreign;
          });
          return id.eq(1n).and(foreign);
        }),
      /a condition on message takes only the columns that it is given/,
    ],
    [
      () => message.leftSemijoin(everything, (left) => left.id.eq(left.id)),
      /a join compares a column of one table with one of the other/,
    ],
  ];
  for (const [make, expected] of faults) {
    t.throws(make, { code: "LC_VALUE_INVALID", message: expected }, String(expected));
  }
  t.end();
});
