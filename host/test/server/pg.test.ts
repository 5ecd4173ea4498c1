// Clients of PostgreSQL on a whole host: the npm package `pg`, and a client by hand for what that one does not do.
import { setTimeout as pause } from "node:timers/promises";
import { Client, type ClientConfig, type QueryConfig } from "pg";
import { type Test, t as file, test } from "tap";
import { PgHost } from "./pg-host.ts";
import { cstring, fieldsOf, i16, i32, letters, message, packet, Wire } from "./pg-wire.ts";
import { newToken } from "./remote-host.ts";

file.setTimeout(300_000);

const host = await PgHost.start(file, "kitchen", "bank");

/** All values as the texts that come. */
const asText = { getTypeParser: () => (text: string) => text } as unknown as NonNullable<
  QueryConfig["types"]
>;

async function open(t: Test, config: ClientConfig = {}): Promise<Client> {
  const client = new Client({
    host: "127.0.0.1",
    port: host.pgPort,
    user: "anybody",
    database: "kitchen",
    password: host.token,
    ...config,
  });
  client.on("error", () => undefined);
  await client.connect();
  t.teardown(() => client.end());
  return client;
}

/** The rows of a statement as lines, or the SQLSTATE of its refusal. */
async function ask(client: Client, text: string, values: readonly unknown[] = []): Promise<string> {
  try {
    const config = { text, values: [...values], rowMode: "array" as const, types: asText };
    const { rows, command, rowCount } = await client.query<unknown[]>(config);
    if (rows.length === 0) return `${command} ${rowCount}`;
    return rows.map((row) => row.map((value) => String(value)).join(" ")).join("\n");
  } catch (thrown) {
    const { code = "", message } = thrown as { code?: string; message: string };
    return `${code}: ${message}`;
  }
}

/** Why a client does not get in. */
async function refusal(config: ClientConfig): Promise<string | undefined> {
  const client = new Client({
    host: "127.0.0.1",
    port: host.pgPort,
    user: "anybody",
    database: "kitchen",
    password: host.token,
    ...config,
  });
  try {
    await client.connect();
    await client.end();
    return undefined;
  } catch (thrown) {
    return (thrown as { code?: string }).code;
  }
}

void test("the password is a token, the database a name or an identity", async (t) => {
  t.equal(await refusal({}), undefined);
  t.equal(await refusal({ user: "somebody-else" }), undefined, "the user is not looked at");
  t.equal(await refusal({ password: "not a token" }), "28P01");
  t.equal(await refusal({ password: `${host.token}x` }), "28P01");
  t.equal(await refusal({ database: "nowhere" }), "3D000");
  t.equal(await refusal({ database: "No Name" }), "3D000");
  const { text } = await host.send("GET", "database/kitchen/identity");
  t.equal(await refusal({ database: text }), undefined);
  t.equal(await refusal({ database: "0".repeat(64) }), "3D000");
});

void test("statements without tables", async (t) => {
  const client = await open(t);
  t.equal(await ask(client, "SELECT 1 AS one, 'two', TRUE, NULL"), "1 two t null");
  t.equal(await ask(client, "SELECT $1::text AS message, $2::int + 1", ["hi", 2]), "hi 3");
  t.equal(await ask(client, "SELECT current_database(), current_user"), "kitchen anybody");
  t.match(await ask(client, "SELECT version()"), /^PostgreSQL 15/);
  t.equal(await ask(client, ""), "null null");
  t.equal(await ask(client, "SHOW transaction isolation level"), "read committed");
  const { rows } = await client.query("SELECT NOW() AS now");
  t.ok((rows as { now: Date }[])[0]?.now instanceof Date);
});

void test("parameters have the type of the column that they meet", async (t) => {
  const client = await open(t);
  t.equal((await host.call("kitchen", "fill_scalars", 1)).status, 200);
  const cases: readonly (readonly [string, readonly unknown[], string])[] = [
    ["id = $1", [1], "1"],
    ["id = $1", ["1"], "1"],
    ["a_bool = $1", [true], "1"],
    ["a_u_256 = $1", [`${2n ** 256n - 1n}`], "1"],
    ["an_f_64 > $1 AND an_f_64 < $2", [0.05, 0.2], "1"],
    ["a_string LIKE $1", ["gr%"], "1"],
    ["a_string = $1", ["' OR TRUE --"], "SELECT 0"],
    ["id IN ($1, $2, $1)", [7, 1], "1"],
    ["id BETWEEN $1 AND $2", [0, 1], "1"],
    ["id = $1 LIMIT $2", [1, 0], "SELECT 0"],
  ];
  for (const [where, values, wanted] of cases) {
    t.equal(await ask(client, `SELECT id FROM scalars WHERE ${where}`, values), wanted, where);
  }
  const refusals: readonly (readonly [string, readonly unknown[], RegExp])[] = [
    ["id = $1", ["one"], /^22P02: .*U32/],
    ["id = $1", [-1], /^22P02/],
    ["id = $1", [null], /^0A000: .*IS NULL/],
    ["$1 = $2", [1, 1], /^42804/],
    ["id = $1 + 1", [1], /^0A000/],
  ];
  for (const [where, values, wanted] of refusals) {
    t.match(await ask(client, `SELECT id FROM scalars WHERE ${where}`, values), wanted, where);
  }
});

void test("what is read can be written again, for every type", async (t) => {
  const client = await open(t);
  for (const [fill, tables] of [
    ["fill_scalars", ["scalars"]],
    ["fill_columns", ["specials", "arrays", "options"]],
  ] as const) {
    t.equal((await host.call("kitchen", fill, 10)).status, 200);
    for (const table of tables) {
      for (const binary of [false, true]) {
        const read = { text: `SELECT * FROM ${table} WHERE id = 10`, rowMode: "array" as const };
        const first = await client.query<unknown[]>({ ...read, types: asText });
        const [row = []] = first.rows;
        const names = first.fields.map(({ name }) => name);
        const places = names.map((_, i) => `$${i + 1}`).join(", ");
        const insert = `INSERT INTO ${table} (${names.join(", ")}) VALUES (${places})`;
        const copy = ["11", ...row.slice(1)];
        t.equal(await ask(client, insert, copy), "INSERT 1", table);
        const again = await ask(client, `SELECT * FROM ${table} WHERE id = 11`);
        t.equal(again, copy.map(String).join(" "), table);
        t.equal(await ask(client, insert, copy), "INSERT 0", "a table is a set");
        t.equal(await ask(client, `DELETE FROM ${table} WHERE id = $1`, [11]), "DELETE 1");
        if (binary) await client.query({ ...read, binary: true } as QueryConfig);
      }
    }
  }
});

void test("prepared statements", async (t) => {
  const client = await open(t);
  const text = "SELECT id FROM setting WHERE id > $1 ORDER BY id";
  const prepared = (least: number): Promise<{ rows: unknown[] }> =>
    client.query({ name: "later", text, values: [least] });
  t.equal(await ask(client, "INSERT INTO setting (id) VALUES (1), (2), (3)"), "INSERT 3");
  t.same((await prepared(1)).rows, [{ id: "2" }, { id: "3" }]);
  t.same((await prepared(2)).rows, [{ id: "3" }]);
  t.equal(await ask(client, "DEALLOCATE later"), "DEALLOCATE null");
  t.equal(await ask(client, "UPDATE setting SET text = $1 WHERE id < $2", ["x", 3]), "UPDATE 2");
  t.equal(await ask(client, "SELECT text FROM setting WHERE id = 1"), "x");
  t.equal(await ask(client, "DELETE FROM setting"), "DELETE 3");
});

void test("refusals have the codes of PostgreSQL", async (t) => {
  const client = await open(t);
  const cases: readonly (readonly [string, RegExp])[] = [
    ["SELEKT 1", /^42601/],
    ["SELECT * FROM nothing", /^42P01/],
    ["SELECT nothing FROM setting", /^42703/],
    ["SELECT id FROM setting WHERE id = 'x'", /^22P02/],
    ["SELECT id FROM setting WHERE id = text", /^42804/],
    ["INSERT INTO setting (id, text) VALUES (1, 'a'), (1, 'b')", /^23505/],
    ["CREATE TABLE t (id int)", /^0A000/],
    ["SELECT typname FROM pg_catalog.pg_type", /^0A000/],
    ["SET client_encoding TO latin1", /^22023/],
    ["SET bogus = 1", /^42704/],
    ["SHOW bogus", /^42704/],
    ["SELECT 'open", /^42601/],
    ["SELECT 1; SELECT $$open", /^42601/],
    [`SELECT id FROM setting WHERE text = '${"x".repeat(50_000)}'`, /^42601: .*exceeds maximum/],
  ];
  for (const [text, wanted] of cases) {
    t.match(await ask(client, text), wanted, text.slice(0, 40));
    t.equal(await ask(client, "SELECT 1"), "1", "the connection goes on");
  }
});

void test("who is not the owner reads what is public", async (t) => {
  const client = await open(t, { password: await newToken(host.address) });
  t.match(await ask(client, "INSERT INTO setting (id) VALUES (1)"), /^42501/);
  t.match(await ask(client, "SELECT * FROM hidden_tag"), /^42P01/);
  t.match(await ask(client, "SELECT * FROM setting"), /^SELECT 0$/);
});

void test("a block of one write and any reads goes through, and says what it cannot do", async (t) => {
  const client = await open(t);
  const notices: (string | undefined)[] = [];
  client.on("notice", ({ code }) => notices.push(code));
  const run = async (...texts: readonly string[]): Promise<string[]> => {
    const answers: string[] = [];
    for (const text of texts) answers.push((await ask(client, text)).split(":")[0] as string);
    return answers;
  };
  t.same(await run("BEGIN", "SELECT 1", "COMMIT"), ["BEGIN null", "1", "COMMIT null"]);
  t.same(
    await run("BEGIN", "INSERT INTO setting (id) VALUES (1)", "SELECT id FROM setting", "COMMIT"),
    ["BEGIN null", "INSERT 1", "1", "COMMIT null"],
  );
  t.same(notices.splice(0), ["01000"], "the write is committed at once");
  const insert = "INSERT INTO setting (id) VALUES";
  t.same(await run("BEGIN", `${insert} (2)`, `${insert} (3)`, "SELECT 1", "ROLLBACK", "SELECT 1"), [
    "BEGIN null",
    "INSERT 1",
    "0A000",
    "25P02",
    "0A000",
    "1",
  ]);
  t.same(await run("BEGIN", "SELEKT", "COMMIT"), ["BEGIN null", "42601", "ROLLBACK null"]);
  t.same(await run("ROLLBACK", "SAVEPOINT a", "ROLLBACK TO a"), [
    "ROLLBACK null",
    "0A000",
    "0A000",
  ]);
  t.same(await run(`${insert} (4); ${insert} (5)`), ["0A000"], "nothing of it is run");
  t.same(await run("DELETE FROM setting"), ["DELETE 2"]);
});

void test("several statements in one text", async (t) => {
  const client = await open(t);
  const results = (await client.query(
    "SELECT 1 AS a; INSERT INTO setting (id) VALUES (9); SELECT id FROM setting",
  )) as unknown as { rows: unknown[] }[];
  t.same(
    results.map(({ rows }) => rows),
    [[{ a: 1 }], [], [{ id: "9" }]],
  );
  await t.rejects(client.query("SELECT 1; SELEKT; DELETE FROM setting"), { code: "42601" });
  t.equal(await ask(client, "DELETE FROM setting"), "DELETE 1", "what follows a fault is not run");
});

void test("two clients see what each other has written", async (t) => {
  const [first, second] = [await open(t), await open(t)];
  t.equal(await ask(first, "INSERT INTO setting (id) VALUES (1)"), "INSERT 1");
  t.equal(await ask(second, "SELECT id FROM setting"), "1");
  t.equal(await ask(second, "DELETE FROM setting"), "DELETE 1");
  t.equal(await ask(first, "SELECT id FROM setting"), "SELECT 0");
  const many = Array.from({ length: 200 }, (_, i) => ask(i % 2 ? first : second, `SELECT ${i}`));
  t.same(
    await Promise.all(many),
    Array.from({ length: 200 }, (_, i) => String(i)),
  );
});

const accountCount = 300_000;

void test("a large answer", async (t) => {
  t.equal((await host.call("bank", "seed", accountCount, 5)).status, 200);
  const client = await open(t, { database: "bank" });
  const { rows } = await client.query<{ id: string }>("SELECT id FROM account");
  t.equal(rows.length, accountCount);
  t.equal(new Set(rows.map(({ id }) => id)).size, accountCount);
});

void test("Execute gives as many rows as it is asked for, and goes on", async (t) => {
  const { wire } = await Wire.logIn(host.pgAddress, "bank", host.token);
  t.teardown(() => wire.close());
  const begin = [
    message("P", cstring(""), cstring("SELECT id FROM account WHERE id < $1 ORDER BY id"), i16(0)),
    message("B", cstring("c"), cstring(""), i16(0, 1), i32(2), Buffer.from("10"), i16(0)),
    message("D", Buffer.from("P"), cstring("c")),
  ];
  const execute = message("E", cstring("c"), i32(4));
  wire.send(...begin, execute, execute, message("H"));
  t.equal(letters(await wire.until("s")), "1 2 T D D D D s");
  t.equal(letters(await wire.until("s")), "D D D D s");
  wire.send(execute, execute, message("S"));
  t.equal(letters(await wire.until("Z")), "D D C C Z");
  wire.send(execute, message("S"));
  t.equal(letters(await wire.until("Z")), "E34000 Z", "Sync closes portals");
  wire.send(message("Q", cstring("BEGIN")));
  await wire.until("Z");
  wire.send(...begin, execute, message("S"));
  t.equal(letters(await wire.until("Z")), "1 2 T D D D D s Z");
  wire.send(execute, message("S"));
  t.equal(letters(await wire.until("Z")), "D D D D s Z", "but not in a transaction");
});

void test("a client that does not read stops its own answer, and can be told to stop", async (t) => {
  const { wire, greeting } = await Wire.logIn(host.pgAddress, "bank", host.token);
  t.teardown(() => wire.close());
  wire.send(message("Q", cstring("SELECT * FROM account")));
  // It must have begun to be told to stop.
  t.equal(letters(await wire.until("D")), "T D");
  const client = await open(t, { database: "bank" });
  t.equal(await ask(client, "SELECT id FROM account WHERE id = 7"), "7");
  const key = greeting.find(({ letter }) => letter === "K")?.body ?? Buffer.alloc(8);
  const wrong = Buffer.from(key);
  wrong.writeInt32BE(key.readInt32BE(4) ^ 1, 4);
  for (const each of [wrong, key]) {
    const other = await Wire.open(host.pgAddress);
    other.send(packet(i32(80_877_102), each));
    t.equal(await other.next(), undefined, "nothing is answered");
  }
  const answer = await wire.until("Z");
  const rows = answer.filter(({ letter }) => letter === "D").length;
  t.ok(rows < accountCount - 1, `${rows} rows came`);
  t.equal(letters(answer.filter(({ letter }) => letter !== "D")), "E57014 Z");
  wire.send(message("Q", cstring("SELECT 1")));
  t.equal(letters(await wire.until("Z")), "T D C Z");
});

void test("a client that is gone leaves nothing behind", async (t) => {
  const client = await open(t, { database: "bank" });
  const count = (): Promise<string> => ask(client, "SELECT COUNT(*) AS n FROM st_client");
  const before = await count();
  for (let i = 0; i < 5; i++) {
    const { wire } = await Wire.logIn(host.pgAddress, "bank", host.token);
    wire.send(message("Q", cstring("SELECT * FROM account")));
    await wire.bytes(1000);
    wire.close();
  }
  while ((await count()) !== before) await pause(50);
  t.equal(await count(), before);
});

void test("after a fault everything up to Sync is passed over", async (t) => {
  const { wire } = await Wire.logIn(host.pgAddress, "kitchen", host.token);
  t.teardown(() => wire.close());
  const parse = (name: string, text: string): Buffer =>
    message("P", cstring(name), cstring(text), i16(0));
  const bind = (name: string): Buffer => message("B", cstring(""), cstring(name), i16(0, 0, 0));
  const cases: readonly (readonly [string, readonly Buffer[], string])[] = [
    ["a text that does not parse", [parse("", "SELEKT"), bind(""), message("S")], "E42601 Z"],
    ["a statement that there is not", [bind("x"), message("S")], "E26000 Z"],
    ["a portal that there is not", [message("E", cstring("x"), i32(0)), message("S")], "E34000 Z"],
    [
      "a name that is taken",
      [parse("a", "SELECT 1"), parse("a", "SELECT 2"), message("S")],
      "1 E42P05 Z",
    ],
    ["two statements", [parse("", "SELECT 1; SELECT 2"), message("S")], "E42601 Z"],
    ["too few values", [parse("", "SELECT $1::int"), bind(""), message("S")], "1 E08P01 Z"],
    [
      "no statement",
      [parse("", ""), bind(""), message("E", cstring(""), i32(0)), message("S")],
      "1 2 I Z",
    ],
    ["closing what is not there", [message("C", Buffer.from("Sx\0")), message("S")], "3 Z"],
    ["a message cut short", [message("B", cstring("")), message("S")], "E08P01 Z"],
    ["a function call", [message("F", i32(1))], "E0A000 Z"],
    ["an unknown kind of thing", [message("D", Buffer.from("X\0")), message("S")], "E08P01 Z"],
    ["COPY data out of place", [message("d"), message("Q", cstring("SELECT 1"))], "T D C Z"],
  ];
  for (const [what, messages, wanted] of cases) {
    wire.send(...messages);
    t.equal(letters(await wire.until("Z")), wanted, what);
  }
});

void test("what is no message ends the connection", async (t) => {
  const cases: readonly (readonly [string, Buffer, string])[] = [
    ["an unknown letter", Buffer.concat([Buffer.from("?"), i32(4)]), "E08P01"],
    ["a length that is none", Buffer.concat([Buffer.from("Q"), i32(3)]), "E08P01"],
    ["a length beyond all bounds", Buffer.concat([Buffer.from("Q"), i32(0x7fffffff)]), "E08P01"],
    ["Terminate", message("X"), ""],
  ];
  for (const [what, bytes, wanted] of cases) {
    const { wire } = await Wire.logIn(host.pgAddress, "kitchen", host.token);
    wire.send(bytes);
    t.equal(letters(await wire.until("Z")), wanted, what);
  }
});

void test("encryption is declined, older protocols are refused", async (t) => {
  const wire = await Wire.open(host.pgAddress);
  for (const code of [80_877_104, 80_877_103]) {
    wire.send(packet(i32(code)));
    t.equal((await wire.bytes(1)).toString(), "N");
  }
  wire.send(packet(i32(2 << 16)));
  const [fault] = await wire.until("Z");
  t.match(fault && fieldsOf(fault), { S: "FATAL", C: "0A000" });
  const newer = await Wire.open(host.pgAddress);
  newer.send(packet(i32((3 << 16) | 2), ...["user", "a", "database", "kitchen", ""].map(cstring)));
  t.equal(letters(await newer.until("R")), "v R", "a newer minor version is talked down");
  newer.close();
});

void test("limits of connections and of calls count here as well", async (t) => {
  const limited = await PgHost.startLimited(
    t,
    { connectionsPerIdentityMax: 2, callsPerSecond: 5 },
    "bank",
  );
  const config = { port: limited.pgPort, database: "bank", password: limited.token };
  const first = await open(t, config);
  const second = await open(t, config);
  await t.rejects(open(t, config), { code: "53400", message: /connections of this identity/ });
  await second.end();
  const third = await open(t, config);
  let count = 0;
  // Twice as many as in a second may come at once, and more while they do.
  const refused = async (): Promise<never> => {
    for (;;) {
      await third.query("SELECT 1");
      count++;
    }
  };
  await t.rejects(refused(), { code: "53400", message: "too many requests" });
  t.ok(count >= 10, `${count} were answered`);
  t.match(await ask(first, "SELECT 1"), "53400", "the same identity over another connection");
});

void test("the host stops: clients are told", async (t) => {
  const { wire } = await Wire.logIn(host.pgAddress, "kitchen", host.token);
  const closing = host.close();
  const [fault] = await wire.until("Z");
  t.match(fault && fieldsOf(fault), { S: "FATAL", C: "57P01" });
  await closing;
});
