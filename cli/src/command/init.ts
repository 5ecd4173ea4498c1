// `lightcone init`: a folder with a small module to begin with.
import { spawn } from "node:child_process";
import { basename, join, resolve } from "node:path";
import { type Language, languages } from "../build/project.ts";
import { isEnum, Option, type Usage } from "../clipanion.ts";
import { CommandError } from "../exit.ts";
import { writeTemplate } from "../template.ts";
import { LightconeCommand } from "./base.ts";

/** What fetches the packages that a module in a language is written with. */
const installCommands: Readonly<Record<Language, readonly string[]>> = {
  assemblyscript: ["npm", "install"],
  rust: ["cargo", "fetch"],
};

export class InitCommand extends LightconeCommand {
  static override paths: string[][] = [["init"]];
  static override usage: Usage = {
    category: "Modules",
    description: "begin a module: a small one that works",
    details: `
      Writes a to-do list with tables, reducers, a view, tests and a README into DIR (default: this
      folder), which must be empty or not there yet. Nothing is fetched unless \`--install\` is
      given.
    `,
    examples: [["A module in AssemblyScript", "$0 init todo --lang assemblyscript"]],
  };

  readonly folder: string | undefined = Option.String({ name: "DIR", required: false });
  readonly lang: Language | undefined = Option.String("-l,--lang", {
    validator: isEnum(languages),
    description: "the language: assemblyscript or rust",
  });
  readonly givenName: string | undefined = Option.String("--name", {
    description: "the name of the package (default: that of the folder)",
  });
  readonly isInstalled: boolean = Option.Boolean("--install", false, {
    description: "fetch the packages that it needs: `npm install` or `cargo fetch`",
  });

  async run(): Promise<void> {
    const { context, output, lang, folder: shownFolder = "." } = this;
    if (lang === undefined) {
      throw new CommandError(
        "usage",
        "--lang is missing",
        "Add `--lang assemblyscript` or `--lang rust`.",
      );
    }
    const folder = resolve(context.workingFolder, shownFolder);
    const name = this.givenName ?? nameOf(folder);
    checkName(name, this.givenName);
    const paths = writeTemplate(lang, folder, shownFolder, name);
    for (const path of paths) output.line(join(shownFolder, path));
    const install = installCommands[lang];
    if (this.isInstalled) await this.#install(install, folder);
    const steps = [
      ...(shownFolder === "." ? [] : [`cd ${shownFolder}`]),
      ...(this.isInstalled || lang === "rust" ? [] : [install.join(" ")]),
      "npx lightcone start        # in another terminal",
      `npx lightcone publish ${name}`,
    ];
    output.note(["Next:", ...steps.map((step) => `  ${step}`)].join("\n"));
  }

  async #install([program = "", ...argv]: readonly string[], folder: string): Promise<void> {
    const { env, stderr } = this.context;
    const child = spawn(program, argv, {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      // npm is a script of the shell's there.
      shell: process.platform === "win32",
    });
    child.stdout.on("data", (piece: Buffer) => stderr.write(piece));
    child.stderr.on("data", (piece: Buffer) => stderr.write(piece));
    const code = await new Promise<number | null>((done, fail) => {
      child.once("error", (error: NodeJS.ErrnoException) => {
        fail(error.code === "ENOENT" ? notThere(program) : error);
      });
      child.once("close", done);
    });
    if (code === 0) return;
    const command = [program, ...argv].join(" ");
    throw new CommandError(
      "refused",
      `\`${command}\` failed`,
      "The module is written all the same.",
    );
  }
}

function notThere(program: string): CommandError {
  return new CommandError(
    "refused",
    `there is no ${program} here`,
    "The module is written; install its packages yourself.",
  );
}

function nameOf(folder: string): string {
  return basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[-0-9]+|-+$/g, "");
}

/** Refuses what is no name of a package, a crate and a database at once. */
function checkName(name: string, given: string | undefined): void {
  if (/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) return;
  const rule = "Names have lower-case letters, digits, and single hyphens between them: my-game-2.";
  throw given === undefined
    ? new CommandError(
        "usage",
        "the folder's name cannot be that of a package",
        `Add --name. ${rule}`,
      )
    : new CommandError("usage", `${name} cannot be the name of a package`, rule);
}
