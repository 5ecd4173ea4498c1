// Sessions without sockets or databases: what comes of any messages at all.
import { PassThrough } from "node:stream";
import type { Socket } from "node:net";
import fc from "fast-check";
import { test } from "tap";
import type { PgDatabase } from "./contract.ts";
import { PgFault } from "./fault.ts";
import { limit } from "../../base/limit.ts";
import { localColumn } from "./local-rows.ts";
import type { WholeMessage } from "./message-stream.ts";
import { MessageWriter } from "./message-writer.ts";
import { Output } from "./output.ts";
import { PgSession } from "./session.ts";
import { Settings } from "./settings.ts";

/** A database whose statements say what they come to. */
class FakeDatabase implements PgDatabase {
  openCursors = 0;

  describe(text: string): ReturnType<PgDatabase["describe"]> {
    if (text.includes("bad")) return Promise.reject(new PgFault("42601", text));
    const columns = text.startsWith("SELECT") ? [localColumn("x", "int4")] : undefined;
    return Promise.resolve({ parameterOids: text.includes("$1") ? [23] : [], columns });
  }

  execute({ text }: { readonly text: string }): ReturnType<PgDatabase["execute"]> {
    if (text.includes("worse")) return Promise.reject(new PgFault("54000", text));
    if (!text.startsWith("SELECT")) return Promise.resolve({ kind: "changed", rowCount: 1 });
    const isLast = !text.includes("many");
    if (!isLast) this.openCursors++;
    const columns = [localColumn("x", "int4")];
    return Promise.resolve({ kind: "rows", columns, cursor: 1, pieces: [], rowCount: 1, isLast });
  }

  fetch(): ReturnType<PgDatabase["fetch"]> {
    this.openCursors--;
    return Promise.resolve({ pieces: [], rowCount: 1, isLast: true });
  }

  closeCursor(): Promise<void> {
    this.openCursors--;
    return Promise.resolve();
  }

  catalog(): ReturnType<PgDatabase["catalog"]> {
    return Promise.resolve([]);
  }

  cancel(): void {
    // Nothing takes long here.
  }

  disconnect(): void {
    // Nobody is connected.
  }
}

class Rig {
  readonly database = new FakeDatabase();
  readonly #sent: Uint8Array[] = [];
  readonly #output: Output;
  readonly session: PgSession;

  constructor() {
    const stream = new PassThrough();
    stream.on("data", (chunk: Uint8Array) => this.#sent.push(chunk));
    this.#output = new Output(stream as unknown as Socket);
    const settings = new Settings("me");
    const context = { database: "db", user: "me", processId: 1, settings, nowMicros: 0n };
    this.session = new PgSession({
      database: this.database,
      output: this.#output,
      context: () => context,
    });
  }

  /** Hands in messages; returns the letters of what is said, each message of which must be whole. */
  async say(messages: readonly WholeMessage[]): Promise<string> {
    for (const message of messages) if (!(await this.session.handle(message))) break;
    this.#output.flush();
    const said = Buffer.concat(this.#sent.splice(0));
    let letters = "";
    let at = 0;
    while (at + 5 <= said.length) {
      letters += said.toString("latin1", at, at + 1);
      at += 1 + said.readInt32BE(at + 1);
    }
    if (at !== said.length) throw new Error("a message is cut short");
    return letters;
  }
}

function from(letter: string, fill: (out: MessageWriter) => void = () => undefined): WholeMessage {
  const out = new MessageWriter();
  fill(out);
  return { letter, body: out.take() };
}

const query = (text: string): WholeMessage => from("Q", (out) => out.cstring(text));
const sync = from("S");
const execute = (portal: string, rowMax: number): WholeMessage =>
  from("E", (out) => {
    out.cstring(portal);
    out.i32(rowMax);
  });
const parse = (name: string, text: string): WholeMessage =>
  from("P", (out) => {
    out.cstring(name);
    out.cstring(text);
    out.i16(0);
  });
const bind = (portal: string, name: string): WholeMessage =>
  from("B", (out) => {
    out.cstring(portal);
    out.cstring(name);
    for (let i = 0; i < 3; i++) out.i16(0);
  });
const named = (letter: "C" | "D", of: string, name: string): WholeMessage =>
  from(letter, (out) => {
    out.ascii(of);
    out.cstring(name);
  });

const texts = fc.constantFrom(
  "",
  "BEGIN",
  "COMMIT",
  "ROLLBACK",
  "SELECT 1",
  "SELECT x FROM t",
  "SELECT many FROM t",
  "SELECT worse FROM t",
  "bad",
  "INSERT INTO t VALUES (1)",
  "SET application_name = 'x'",
  "DISCARD ALL",
  "DEALLOCATE a",
  "SELECT x FROM t; INSERT INTO t VALUES (1); SELECT many FROM t",
);
const names = fc.constantFrom("", "a", "b");
const bytes = fc.uint8Array({ maxLength: 40 });

const anyMessage: fc.Arbitrary<WholeMessage> = fc.oneof(
  texts.map(query),
  fc.tuple(names, texts).map(([name, text]) => parse(name, text)),
  fc.tuple(names, names).map(([portal, name]) => bind(portal, name)),
  fc.tuple(names, fc.constantFrom(0, 1)).map(([portal, rowMax]) => execute(portal, rowMax)),
  fc
    .tuple(fc.constantFrom("C", "D"), fc.constantFrom("S", "P"), names)
    .map(([letter, of, name]) => named(letter, of, name)),
  fc.constant(sync),
  fc.constant(from("H")),
  fc
    .tuple(fc.constantFrom(..."QPBDECFdcf".split("")), bytes)
    .map(([letter, body]) => ({ letter, body })),
);

void test("whatever a client says, every Query and Sync is answered once, and nothing is left open", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyMessage, { maxLength: 30 }), async (messages) => {
      const rig = new Rig();
      const said = await rig.say([...messages, sync]);
      // A client that is passed over gets its answer with the next Sync.
      const syncs = messages.filter(({ letter }) => letter === "S").length + 1;
      const readies = said.split("Z").length - 1;
      const queries = messages.filter(({ letter }) => letter === "Q" || letter === "F").length;
      if (readies < syncs || readies > syncs + queries)
        t.fail(`${readies} of ${syncs}, ${queries}`);
      await rig.say([query("ROLLBACK"), sync]);
      if (rig.database.openCursors !== 0) t.fail(`${rig.database.openCursors} cursors are open`);
    }),
    { numRuns: 1500 },
  );
  t.pass();
});

void test("portals are read in parts", async (t) => {
  const rig = new Rig();
  t.equal(await rig.say([parse("", "SELECT many FROM t"), bind("p", "")]), "12");
  t.equal(await rig.say([named("D", "P", "p"), execute("p", 1), from("H")]), "Ts");
  t.equal(rig.database.openCursors, 1);
  t.equal(await rig.say([execute("p", 1), execute("p", 1), sync]), "CCZ");
  t.equal(
    await rig.say([parse("a", "SELECT many FROM t"), bind("p", "a"), execute("p", 1)]),
    "12s",
  );
  t.equal(await rig.say([named("C", "P", "p"), sync]), "3Z");
  t.equal(rig.database.openCursors, 0);
  t.end();
});

void test("what one connection keeps is bounded", async (t) => {
  const rig = new Rig();
  const many = Array.from({ length: limit.pgNamedCountMax }, (_, i) => parse(`s${i}`, "SELECT 1"));
  t.equal(await rig.say([...many, sync]), `${"1".repeat(limit.pgNamedCountMax)}Z`);
  t.equal(await rig.say([parse("more", "SELECT 1"), sync]), "EZ");
  t.equal(await rig.say([query("DEALLOCATE ALL"), parse("more", "SELECT 1"), sync]), "CZ1Z");
  const long = "x".repeat(limit.sqlTextBytesMax * 5);
  t.equal(await rig.say([query(long)]), "EZ", "a text of any length is not looked through");
  t.end();
});
