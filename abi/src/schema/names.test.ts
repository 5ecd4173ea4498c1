import { test } from "tap";
import {
  array,
  identityType,
  option,
  product,
  ref,
  scheduleAtType,
  sum,
  unitType,
} from "../sats/type.ts";
import {
  camelCase,
  canonicalTypespace,
  constraintName,
  identifierFault,
  indexName,
  pascalCase,
  scheduleName,
  sequenceName,
  snakeCase,
  splitWords,
} from "./names.ts";

// module-def.md 6.1 and the rules in words above its table
void test("case conversion", async (t) => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ["PlayerState", "player_state", "playerState", "PlayerState"],
    ["player1", "player_1", "player1", "Player1"],
    ["HTTPServer", "http_server", "httpServer", "HttpServer"],
    ["_foo", "foo", "foo", "Foo"],
    ["pos2D", "pos_2_d", "pos2D", "Pos2D"],
    ["player_state", "player_state", "playerState", "PlayerState"],
    ["kebab-case name", "kebab_case_name", "kebabCaseName", "KebabCaseName"],
    ["__many__under___scores_", "many_under_scores", "manyUnderScores", "ManyUnderScores"],
    ["ABC", "abc", "abc", "Abc"],
    ["aB", "a_b", "aB", "AB"],
    ["i18n", "i_18_n", "i18N", "I18N"],
    ["UTF8Text", "utf_8_text", "utf8Text", "Utf8Text"],
    ["größeÄnderung", "größe_änderung", "größeÄnderung", "GrößeÄnderung"],
    ["x", "x", "x", "X"],
    ["", "", "", ""],
    ["___", "", "", ""],
  ];
  for (const [name, snake, camel, pascal] of cases) {
    t.same([snakeCase(name), camelCase(name), pascalCase(name)], [snake, camel, pascal], name);
    t.equal(snakeCase(snake), snake, `${snake} stays`);
  }
  t.same(splitWords("XMLHttp2Request_id"), ["XML", "Http", "2", "Request", "id"]);
});

void test("a typespace is converted, special types are not", async (t) => {
  const u8 = { kind: "u8" } as const;
  const before = [
    product({ firstName: array(product({ innerField: u8 })), Owner: identityType }),
    sum({ NotFound: unitType, OK: ref(0) }),
    product({ when: scheduleAtType, maybe: option(product({ DeepField: u8 })) }),
    sum({ ok: u8, err: u8 }),
    { kind: "product" as const, elements: [{ name: undefined, type: u8 }] },
  ];
  t.strictSame(canonicalTypespace(before), [
    product({ first_name: array(product({ inner_field: u8 })), owner: identityType }),
    sum({ notFound: unitType, ok: ref(0) }),
    product({ when: scheduleAtType, maybe: option(product({ deep_field: u8 })) }),
    sum({ ok: u8, err: u8 }),
    { kind: "product", elements: [{ name: undefined, type: u8 }] },
  ]);
});

// module-def.md 6.2
void test("generated names", async (t) => {
  t.equal(indexName("person", ["a", "b_c"], "btree"), "person_a_b_c_idx_btree");
  t.equal(indexName("person", ["a"], "hash"), "person_a_idx_hash");
  t.equal(indexName("person", ["a"], "direct"), "person_a_idx_direct");
  t.equal(constraintName("person", ["a", "b"]), "person_a_b_key");
  t.equal(sequenceName("person", "id"), "person_id_seq");
  t.equal(scheduleName("timer"), "timer_sched");
});

void test("identifiers", async (t) => {
  for (const name of ["a", "_", "_1", "größe", "名前", "Ⅷ", "a·b"]) {
    t.equal(identifierFault(name), undefined, name);
  }
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /is empty/],
    ["1a", /must start with a letter/],
    ["a b", /go on with letters/],
    ["a.b", /go on with letters/],
    ["a-b", /go on with letters/],
    ["gro\u0308ße", /normal form C/],
    ["__proto__", /is reserved/],
  ];
  for (const [name, fault] of cases) t.match(identifierFault(name), fault, name);
});
