// EXPLAIN: which operators, tables, indexes and bounds a query gets.
import { option, primitive } from "@lightcone/abi";
import { test } from "tap";
import { Datastore } from "../../datastore/datastore.ts";
import {
  insertRows,
  makeTable,
  openSample,
  outcomeOf,
  owner,
  runSql,
  visitor,
} from "../test-tables.ts";

function planOf(text: string, datastore: Datastore): string {
  const { rowsJson, schemaJson } = runSql(`EXPLAIN ${text}`, datastore, owner);
  if (!schemaJson.includes('{"some":"plan"}')) return schemaJson;
  return (JSON.parse(rowsJson) as string[][]).map(([line]) => line).join("\n");
}

/** A query and its plan, a line each. */
type Case = readonly [text: string, ...plan: string[]];

const sample: readonly Case[] = [
  ["SELECT * FROM t", "scan of t (about 4 rows)"],
  ["SELECT id FROM t WHERE id = 3", "point of t by t_id_idx_btree: id = 3 (about 1 row)"],
  [
    "SELECT id FROM t WHERE id = 3 AND b > 1",
    "filter: b > 1",
    "  point of t by t_id_idx_btree: id = 3 (about 1 row)",
  ],
  [
    "SELECT id FROM t WHERE a IN (5, 7) AND ok",
    "filter: ok = TRUE",
    "  2 points of t by t_a_idx_btree: a IN (5, 7) (about 4 rows)",
  ],
  [
    "SELECT id FROM t WHERE a = 7 OR a = 5",
    "2 points of t by t_a_idx_btree: a IN (5, 7) (about 4 rows)",
  ],
  [
    "SELECT id FROM t AS x WHERE x.a BETWEEN 5 AND 7 AND NOT x.ok",
    "filter: ok <> TRUE",
    "  range of t as x by t_a_idx_btree: a >= 5 AND a <= 7 (about 1 row)",
  ],
  ["SELECT id FROM t WHERE s LIKE 'a%'", "filter: s LIKE 'a%'", "  scan of t (about 4 rows)"],
  [
    "SELECT id FROM t ORDER BY id DESC LIMIT 2",
    "limit 2",
    "  range of t by t_id_idx_btree, backwards: all (about 2 rows)",
  ],
  [
    "SELECT id FROM t ORDER BY b, a DESC LIMIT 2 OFFSET 1",
    "limit 2, offset 1",
    "  sort by b, a DESC, first 3 only",
    "    scan of t (about 4 rows)",
  ],
  ["SELECT id FROM t WHERE a > 5 ORDER BY a", "range of t by t_a_idx_btree: a > 5 (about 1 row)"],
  ["SELECT COUNT(*) FROM t", "group by all rows: COUNT(*)", "  row counter of t"],
  [
    "SELECT MIN(id), MAX(id), COUNT(*) FROM t",
    "group by all rows: MIN(id), MAX(id), COUNT(*)",
    "  range of t by t_id_idx_btree: all (about 1 row)",
    "  range of t by t_id_idx_btree, backwards: all (about 1 row)",
  ],
  [
    "SELECT a, COUNT(*) AS n FROM t WHERE kind = 'A' GROUP BY a HAVING n > 1 ORDER BY n DESC",
    "sort by COUNT(*) DESC",
    "  having: COUNT(*) > 1",
    "    group by a: COUNT(*)",
    "      filter: kind = 'A'",
    "        scan of t (about 4 rows)",
  ],
  [
    "SELECT DISTINCT a FROM t ORDER BY a",
    "sort by a",
    "  distinct",
    "    scan of t (about 4 rows)",
  ],
  [
    "SELECT t.id, u.b FROM t JOIN u ON t.id = u.t_id WHERE u.b = 1 AND t.b > u.b ORDER BY t.id",
    "sort by t.id",
    "  join of 2 tables, in this order",
    "    filter: u.b = 1",
    "      scan of u (about 1 row)",
    "    filter: t.b > u.b",
    "      lookup in t by t_id_idx_btree: t.id = u.t_id (about 1 row each)",
  ],
  [
    "SELECT x.id FROM t x JOIN n ON x.b = n.x",
    "join of 2 tables, in this order",
    "  scan of n (about 1 row)",
    "  hash by x.b = n.x",
    "    scan of t as x (about 4 rows)",
  ],
  ["SELECT id FROM t WHERE FALSE", "nothing of t: WHERE is never true"],
  [
    "SELECT id FROM t WHERE raw = 0xFF OR NOT (s <> 'it''s' AND a < 4)",
    "filter: (raw = 0xff OR s = 'it''s' OR a >= 4)",
    "  scan of t (about 4 rows)",
  ],
  [
    "SELECT id FROM v WHERE id > 1 ORDER BY id LIMIT 1",
    "limit 1",
    '  range of v by v_arg_hash_id_idx_btree: arg_hash = "0x1234" AND id > 1 (about 1 row)',
  ],
  ["SELECT x FROM p", "scan of p (about 2 rows)"],
];

/** A table with an index on three columns, and one on text. */
function openKeys(): Datastore {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const table = makeTable(datastore, tx, {
    name: "k",
    columns: {
      a: primitive("u8"),
      b: primitive("u8"),
      c: primitive("u8"),
      s: primitive("string"),
      o: option(primitive("u8")),
    },
    indexes: [[0, 1, 2], [3], [1]],
  });
  insertRows(
    tx,
    table,
    Array.from({ length: 16 }, (_, i) => [i & 3, i >> 2, i, `s${i}`, undefined]),
  );
  datastore.commit(tx);
  datastore.release(tx);
  return datastore;
}

const keys: readonly Case[] = [
  [
    "SELECT c FROM k WHERE a = 1 AND b = 2 AND c < 9",
    "range of k by k_a_b_c_idx_btree: a = 1 AND b = 2 AND c < 9 (about 4 rows)",
  ],
  ["SELECT c FROM k WHERE a = 1", "range of k by k_a_b_c_idx_btree: a = 1 (about 4 rows)"],
  [
    "SELECT c FROM k WHERE c = 1 AND a = 1",
    "filter: c = 1",
    "  range of k by k_a_b_c_idx_btree: a = 1 (about 4 rows)",
  ],
  [
    "SELECT c FROM k WHERE a = 1 AND b IN (1, 2)",
    "2 points of k by k_a_b_c_idx_btree: a = 1 AND b IN (1, 2) (about 8 rows)",
  ],
  [
    "SELECT c FROM k WHERE a = 1 ORDER BY b, c",
    "range of k by k_a_b_c_idx_btree: a = 1 (about 4 rows)",
  ],
  ["SELECT c FROM k WHERE b = 1 ORDER BY b", "range of k by k_b_idx_btree: b = 1 (about 4 rows)"],
  [
    "SELECT c FROM k WHERE a = 1 ORDER BY a, b DESC, c DESC",
    "sort by a, b DESC, c DESC",
    "  range of k by k_a_b_c_idx_btree: a = 1 (about 4 rows)",
  ],
  [
    "SELECT c FROM k WHERE s LIKE 's1_%'",
    "filter: s LIKE 's1_%'",
    "  range of k by k_s_idx_btree: prefix (about 4 rows)",
  ],
  [
    "SELECT c FROM k WHERE o IS NULL AND o = 4",
    "filter: o IS NULL AND o = 4",
    "  scan of k (about 16 rows)",
  ],
  [
    "SELECT MAX(b) FROM k WHERE a = 2",
    "group by all rows: MAX(b)",
    "  range of k by k_a_b_c_idx_btree, backwards: a = 2 (about 1 row)",
  ],
];

void test("[SQL28] the plans of queries, by table", async (t) => {
  const samples = openSample();
  for (const [text, ...lines] of sample) t.equal(planOf(text, samples), lines.join("\n"), text);
  const keyed = openKeys();
  for (const [text, ...lines] of keys) t.equal(planOf(text, keyed), lines.join("\n"), text);
});

void test("[SQL28] EXPLAIN is for the owner, and for SELECT", async (t) => {
  const datastore = openSample();
  const refusal = (text: string, caller = owner): string =>
    outcomeOf(() => runSql(text, datastore, caller).rowsJson);
  const forbidden = "LC_SQL_FORBIDDEN: EXPLAIN is for the owner of the database";
  t.equal(refusal("EXPLAIN SELECT * FROM t", visitor), forbidden);
  t.equal(refusal("EXPLAIN SELECT * FROM nothing", visitor), forbidden);
  t.equal(
    refusal("EXPLAIN DELETE FROM t"),
    "LC_SQL_UNSUPPORTED: Unsupported: EXPLAIN of anything but SELECT (line 1, column 9)",
  );
});
