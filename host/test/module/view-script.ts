// A guest whose views do whatever a test asks for: the reducer `remember` keeps a script in the guest's memory, and every view runs
// it and returns its code. A guest that has trapped remembers nothing: its views return no rows.
import { type AlgebraicType, array, option, ref, Writer } from "@lightcone/abi";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { assembleGuest } from "./guest.ts";
import type { TestDefinition } from "./definition.ts";
import { argumentsAt, argumentsMax, interpreter, type Script } from "./script.ts";

/** Where the remembered script lies. */
const keptAt = 0x10_0000;
/** A relation of no rows. */
const emptyAt = 24;

const runKept = `
  (if (i32.eqz (i32.load (i32.const ${keptAt}))) (then
    (i32.store (i32.const 32) (i32.const 4))
    (drop (call $bytes_sink_write (i32.const 1) (i32.const ${emptyAt}) (i32.const 32)))
    (return (i32.const 0))))
  (memory.copy (i32.const ${argumentsAt}) (i32.const ${keptAt}) (i32.const ${argumentsMax}))
  (call $runSteps)`;

const more = `${interpreter}
  (func $remember (param $args i32) (result i32)
    (memory.fill (i32.const ${argumentsAt}) (i32.const 0) (i32.const ${argumentsMax}))
    (call $readScript (local.get $args))
    (memory.copy (i32.const ${keptAt}) (i32.const ${argumentsAt}) (i32.const ${argumentsMax}))
    (i32.const 0))
  (func (export "__call_view__")
    (param i32 i64 i64 i64 i64 i32 i32) (result i32) ${runKept})
  (func (export "__call_view_anon__") (param i32 i32 i32) (result i32) ${runKept})`;

const scriptType: AlgebraicType = { kind: "array", element: { kind: "u8" } };

/** Tables of a definition, and views over the rows of its first table: `all`, `own`, `one` and, for the owner, `hidden`. */
export function withViews(definition: TestDefinition): TestDefinition {
  return {
    ...definition,
    views: [
      { name: "all", index: 0, isAnonymous: true, returnType: array(ref(0)) },
      { name: "own", index: 0, returnType: array(ref(0)) },
      { name: "one", index: 1, isAnonymous: true, returnType: option(ref(0)) },
      { name: "hidden", index: 1, isPrivate: true, returnType: array(ref(0)) },
    ],
    reducers: ["run", "remember"].map((name) => ({ name, params: { script: scriptType } })),
  };
}

/** A program of these tables and views. */
export function assembleViewGuest(definition: TestDefinition): Promise<Uint8Array> {
  return assembleGuest({
    definition,
    memory: `(memory (export "memory") 48)`,
    reducer: `(if (i32.eq (local.get $id) (i32.const 1)) (then (return (call $remember (local.get $args)))))
      (call $runScript (local.get $args))`,
    more,
  });
}

/** A database with a guest of `withViews`, and one client. */
export async function openViewHost(
  definition: TestDefinition,
  host: TestHost = new TestHost(),
): Promise<{ host: TestHost; client: TestClient }> {
  const service = await host.open();
  await service.publish(await assembleViewGuest(withViews(definition)), owner);
  const client = new TestClient(host, 1, "somebody");
  host.take(1);
  return { host, client };
}

/** Ends a script with bytes for the view's sink. */
export function returning(script: Script, ...parts: readonly Uint8Array[]): Script {
  const writer = new Writer();
  for (const part of parts) writer.raw(part);
  const bytes = writer.finish();
  return script.call("bytes_sink_write", 1, script.place(bytes), script.word(bytes.length));
}
