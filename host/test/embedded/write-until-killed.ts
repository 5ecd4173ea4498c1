// A program with a database, for a test that kills it: calls one reducer after another and tells its parent what was answered.
import { openDatabase } from "../../src/embedded/database.ts";

const [, , dir = "", wasm = ""] = process.argv;
const db = await openDatabase({ wasm, dir });
const client = await db.connect({ identity: "writer" });
for (let i = 1; ; i++) {
  await client.call("send_message", [`text ${i}`]);
  process.send?.(i);
}
