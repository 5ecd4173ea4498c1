// FRAMEWORKS.md as a reader takes it: its code compiles, and its walk leads to two people who talk.
import { execFile, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { committedWasmFolder } from "@lightcone/fixtures/wasm";
import type { Page } from "playwright-core";
import { compile } from "svelte/compiler";
import { type Test, t, test } from "tap";
import { launchBrowser, picture, startWebHost } from "./rig.ts";

t.setTimeout(300_000);

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const exec = promisify(execFile);
const printedUrl = "http://127.0.0.1:3000";

interface Block {
  readonly language: string;
  readonly text: string;
}

async function readBlocks(): Promise<readonly Block[]> {
  const markdown = await readFile(join(root, "sdk-client/FRAMEWORKS.md"), "utf8");
  return [...markdown.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language, text]) => ({
    language: language ?? "",
    text: text ?? "",
  }));
}

/** Runs a script of Node's. tap would follow it through NODE_OPTIONS, which the compiler does not stand. */
async function runNode(cwd: string, ...argv: string[]): Promise<string> {
  const words = ["-u", "NODE_OPTIONS", process.execPath, ...argv];
  try {
    return (await exec("env", words, { cwd })).stdout;
  } catch (thrown) {
    throw new Error((thrown as { readonly stdout: string }).stdout, { cause: thrown });
  }
}

const cli = join(root, "cli/bin/lightcone.js");

async function generate(folder: string): Promise<void> {
  const wasm = join(committedWasmFolder, "chat.wasm");
  const flags = ["--lang", "typescript", "--out-dir", join(folder, "bindings"), "--bin-path", wasm];
  await runNode(folder, cli, "generate", ...flags);
}

void test("every code block compiles", async (t) => {
  // Below the root, so that packages are found as they are in an application.
  const folder = t.testdir();
  await generate(folder);
  const files: string[] = [];
  for (const [i, { language, text }] of (await readBlocks()).entries()) {
    if (language === "svelte") {
      const { warnings } = compile(text, { filename: "chat.svelte", generate: "client" });
      t.same(warnings, []);
    }
    if (language !== "ts" && language !== "tsx") continue;
    const name = `block-${i}.${language}`;
    await writeFile(join(folder, name), text);
    files.push(name);
  }
  t.equal(files.length, 6);
  await writeFile(join(folder, "package.json"), `{ "type": "module" }`);
  const flags =
    "--ignoreConfig --noEmit --strict --skipLibCheck --experimentalDecorators --jsx react-jsx";
  const targets = "--module nodenext --target es2022 --lib es2023,dom,dom.iterable --types node";
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const said = await runNode(folder, tsc, ...`${flags} ${targets}`.split(" "), ...files);
  t.equal(said, "");
});

/** Serves the app by the command that is printed, on a free port. */
function serve(t: Test, command: string, folder: string): Promise<string> {
  const words = command
    .replaceAll("my-app", folder)
    .replace("--serve=127.0.0.1:8000", "--serve=127.0.0.1:0")
    .trim()
    .split(" ");
  const bin = join(root, "node_modules/.bin/esbuild");
  const child = spawn("env", ["-u", "NODE_OPTIONS", bin, ...words.slice(2)], {
    cwd: root,
    // It ends when its input does.
    stdio: ["pipe", "ignore", "pipe"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr.on("data", (piece: Buffer) => {
      said += piece.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0];
      if (found !== undefined) resolve(found);
    });
    child.once("close", () => reject(new Error(said)));
  });
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Message").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

void test("the walk: two people talk", async (t) => {
  const browser = await launchBrowser(t);
  if (browser === undefined) return;
  const host = await startWebHost(t, "chat");
  const folder = join(t.testdir({ app: {} }), "app");
  await mkdir(folder, { recursive: true });
  await generate(folder);
  const blocks = await readBlocks();
  const app = blocks.find(({ language }) => language === "tsx")?.text ?? "";
  const html = blocks.find(({ language }) => language === "html")?.text ?? "";
  await writeFile(join(folder, "app.tsx"), app.replace(printedUrl, host.url));
  await writeFile(join(folder, "index.html"), html);
  const command = blocks.find(({ text }) => text.startsWith("npx esbuild"))?.text ?? "";
  const pageUrl = await serve(t, command, folder);

  const pages: Page[] = [];
  for (let i = 0; i < 2; i++) {
    const page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(120_000);
    await page.goto(pageUrl);
    pages.push(page);
  }
  const [ada, ben] = pages;
  if (ada === undefined || ben === undefined) return;
  await ada.getByText("connected, rows are live, 2 online").waitFor();
  await say(ada, "is anybody here?");
  await ben.getByText("is anybody here?").waitFor();
  await say(ben, "I am!");
  await ada.getByText("I am!").waitFor();
  await say(ada, "  ");
  await ada.getByText("a message must not be empty").waitFor();
  await picture(ada, "walk");
  t.equal(await ada.locator("li").count(), 2);
  t.not(await ada.locator("b").nth(0).textContent(), await ada.locator("b").nth(1).textContent());
});
