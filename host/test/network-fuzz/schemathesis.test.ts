// The HTTP API against its own description, by a tool that knows nothing else of it: no answer may have a status, a content type or
// a schema that is not declared, and no error of the server may be one.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { optional } from "@lightcone/fixtures/optional";
import { t as root, test } from "tap";

root.setTimeout(1_200_000);

const script = fileURLToPath(new URL("../../../../scripts/schemathesis.mjs", import.meta.url));

interface Run {
  readonly code: number | null;
  readonly text: string;
}

function run(tool: string): Promise<Run> {
  return new Promise((resolve, reject) => {
    // Without what a test runner loads into every Node.
    const env = { ...process.env, NODE_OPTIONS: "" };
    const child = spawn(process.execPath, [script, "--tool", tool, "--examples", "3"], { env });
    let text = "";
    const onText = (chunk: Buffer): void => {
      text += chunk.toString();
    };
    child.stdout.on("data", onText);
    child.stderr.on("data", onText);
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, text }));
  });
}

void test("schemathesis finds nothing that is not declared", async (t) => {
  const tool = optional(t, "schemathesis");
  if (tool === undefined) return;
  const { code, text } = await run(tool);
  t.match(text, /Test cases:\s+\d+ generated/, text);
  t.equal(code, 0, text);
});
