// The README's own commands and its client, run as they are printed there; only addresses and paths differ.
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { committedWasmFolder } from "@lightcone/fixtures/wasm";
import { test } from "tap";
import { openRig, startProcess } from "./rig.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const exec = promisify(execFile);

/** Runs a script of Node's. tap would follow it through NODE_OPTIONS, which the compiler does not stand. */
async function runNode(cwd: string, ...argv: string[]): Promise<string> {
  const env = { PATH: process.env["PATH"] };
  const words = ["-u", "NODE_OPTIONS", process.execPath, ...argv];
  return (await exec("env", words, { cwd, env })).stdout;
}

/** The code blocks of one language, in order. */
function blocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => text ?? "");
}

/** The words of a command line as a shell would see them: quotes of both kinds, no expansion. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? "",
  );
}

void test("every command of the README works as printed", async (t) => {
  const { home, url } = await openRig(t);
  const readme = await readFile(join(root, "README.md"), "utf8");
  const commands = blocks(readme, "sh")
    .flatMap((block) => block.split("\n"))
    .filter((line) => line.startsWith("npx lightcone ") && !line.includes(" start"));
  t.ok(commands.length >= 5, `${commands.length} commands`);
  for (const command of commands) {
    const words = wordsOf(command.slice("npx lightcone ".length)).map((word) =>
      word.replace(/^fixtures\/wasm\//, `${committedWasmFolder}/`),
    );
    const { code, stderr } = await startProcess(home, [...words, "--server", url()]).ended;
    t.equal(code, 0, `${command}\n${stderr}`);
  }

  const [client] = blocks(readme, "ts");
  t.ok(client, "the README has a client");
  await mkdir(join(home, "my-chat"), { recursive: true });
  const source = (client ?? "").replace("http://127.0.0.1:3000", url());
  await writeFile(join(home, "my-chat", "client.ts"), source);
  const compile = blocks(readme, "sh")
    .flatMap((block) => block.split("\n"))
    .find((line) => line.startsWith("npx tsc "));
  const [, , ...flags] = wordsOf(compile ?? "");
  await runNode(home, join(root, "node_modules/typescript/bin/tsc"), ...flags);
  const stdout = await runNode(home, "my-chat/client.js");
  t.match(stdout, /hello from TypeScript\n2 messages so far/);
});
