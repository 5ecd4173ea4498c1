import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { run } from "../../test/run.ts";
import { version } from "../version.ts";

void test("a module to begin with, in each language", async (t) => {
  const rows = [
    {
      lang: "assemblyscript",
      files: [
        ".gitignore",
        "README.md",
        "assembly/index.ts",
        "assembly/tsconfig.json",
        "package.json",
        "test/module.test.js",
      ],
      manifest: "package.json",
      steps: /cd todo\n +npm install\n[^]*npx lightcone publish todo\n/,
    },
    {
      lang: "rust",
      files: [
        ".gitignore",
        "Cargo.toml",
        "README.md",
        "package.json",
        "src/lib.rs",
        "test/module.test.js",
      ],
      manifest: "Cargo.toml",
      steps: /cd todo\n +npx lightcone start[^]*npx lightcone publish todo\n/,
    },
  ];
  for (const { lang, files, manifest, steps } of rows) {
    const home = t.testdir();
    const { code, stdout, stderr } = await run(["init", "todo", "--lang", lang], { home });
    t.equal(code, 0, stderr);
    t.equal(stdout, files.map((file) => `todo/${file}\n`).join(""));
    t.match(stderr, steps);
    const texts = files.map((file) => readFileSync(join(home, "todo", file), "utf8"));
    t.notMatch(texts.join("\n"), "{{", "nothing is left to fill in");
    t.match(texts[files.indexOf(manifest)], /"?name"?(?::| =) "todo"/);
    const readme = texts[files.indexOf("README.md")] ?? "";
    t.ok(readme.split("\n").length <= 26, "a short README");
    t.match(readme, "npx lightcone publish todo ");
  }
  const home = t.testdir();
  await run(["init", "todo", "--lang", "assemblyscript", "--name", "list"], { home });
  const manifest = JSON.parse(readFileSync(join(home, "todo/package.json"), "utf8")) as unknown;
  const sdk = { "@lightcone/sdk-module-as": version };
  t.match(manifest, { name: "list", devDependencies: sdk });
});

void test("this folder, if nothing but a repository is in it", async (t) => {
  const home = t.testdir({ "My Game 2": { ".git": {} } });
  const folder = join(home, "My Game 2");
  const { code, stdout } = await run(["init", "--lang", "rust"], { home: folder });
  t.equal(code, 0);
  t.match(stdout, /^\.gitignore\nCargo.toml\n/);
  t.match(readFileSync(join(folder, "Cargo.toml"), "utf8"), 'name = "my-game-2"');
});

void test("what is refused leaves everything as it was", async (t) => {
  const home = t.testdir({ full: { "a.txt": "" }, "12": {}, file: "" });
  const rows: [string[], RegExp, RegExp][] = [
    [["todo"], /--lang is missing/, /--lang assemblyscript/],
    [["todo", "--lang", "java"], /expected one of "assemblyscript" or "rust"/, /Usage/],
    [["full", "--lang", "rust"], /full is not empty/, /new folder/],
    [["--lang", "rust"], /this folder is not empty/, /new folder/],
    [["12", "--lang", "rust"], /the folder's name cannot be/, /--name/],
    [["todo", "--lang", "rust", "--name", "My_Game"], /My_Game cannot be/, /my-game-2/],
    [["file", "--lang", "rust"], /file is no folder/, /lightcone/],
  ];
  for (const [argv, message, advice] of rows) {
    const { code, stdout, stderr } = await run(["init", ...argv], { home });
    t.equal(code, 2, argv.join(" "));
    t.equal(stdout, "");
    t.match(stderr, message);
    t.match(stderr, advice);
  }
});

void test("--install runs what fetches the packages", async (t) => {
  const home = t.testdir({ bin: {} });
  const env = { PATH: join(home, "bin") };
  const init = (name: string): ReturnType<typeof run> =>
    run(["init", name, "--lang", "assemblyscript", "--install"], { home, env });
  const absent = await init("first");
  t.equal(absent.code, 1);
  t.match(absent.stderr, /there is no npm here[^]*The module is written/);
  mkdirSync(join(home, "bin"), { recursive: true });
  const npm = (code: number): void =>
    writeFileSync(join(home, "bin/npm"), `#!/bin/sh\necho "npm $*"\nexit ${code}\n`, {
      mode: 0o755,
    });
  npm(0);
  const done = await init("second");
  t.equal(done.code, 0, done.stderr);
  t.match(done.stderr, /^npm install\n/m);
  t.notMatch(done.stderr, /^ {2}npm install/m, "it is no step any more");
  npm(1);
  t.match((await init("third")).stderr, /`npm install` failed/);
});
