import {
  array,
  connectionIdType,
  ConnectionId,
  identityType,
  Identity,
  option,
  primitive,
  product,
  type ProductValue,
  TimeDuration,
  timeDurationType,
  Timestamp,
  timestampType,
  Uuid,
  uuidType,
} from "@lightcone/abi";
import { test } from "tap";
import { compileKey } from "./key.ts";

const rowType = product({
  small: primitive("u8"),
  large: primitive("u256"),
  text: primitive("string"),
  identity: identityType,
  connection: connectionIdType,
  uuid: uuidType,
  time: timestampType,
  span: timeDurationType,
  maybe: option(primitive("u32")),
  list: array(primitive("u16")),
});

const row: ProductValue = {
  small: 1,
  large: 1n,
  text: "1",
  identity: new Identity(1n),
  connection: new ConnectionId(1n),
  uuid: new Uuid(1n),
  time: new Timestamp(1n),
  span: new TimeDuration(1n),
  maybe: 1,
  list: [1],
};

const other: ProductValue = {
  small: 2,
  large: 2n,
  text: "2",
  identity: new Identity(2n),
  connection: new ConnectionId(2n),
  uuid: new Uuid(2n),
  time: new Timestamp(2n),
  span: new TimeDuration(2n),
  maybe: undefined,
  list: [1, 2],
};

for (const field of Object.keys(row)) {
  void test(`the key of ${field} is its value`, (t) => {
    const keyOf = compileKey([field], rowType, []);
    const keys = new Map([[keyOf(row), "found"]]);
    const again = { [field]: copied(row[field]) } as ProductValue;
    t.equal(keys.get(keyOf(again)), "found");
    t.equal(keys.get(keyOf(other)), undefined);
    t.end();
  });
}

/** An equal value that is not the same object. */
function copied(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from<unknown>(value);
  if (typeof value !== "object" || value === null) return value;
  return Object.assign(Object.create(Object.getPrototypeOf(value) as object) as object, value);
}

void test("several columns count together", (t) => {
  const keyOf = compileKey(["text", "small"], rowType, []);
  t.equal(keyOf(row), keyOf({ small: 1, text: "1" }));
  t.not(keyOf(row), keyOf({ small: 2, text: "1" }));
  t.throws(() => compileKey(["none"], rowType, []), { message: /no column is called none/ });
  t.end();
});
