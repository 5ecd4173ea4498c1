// `lightcone generate`: typed bindings for clients, from a compiled module or a database.
import { resolve } from "node:path";
import { type ModuleDef, moduleDefFromJson } from "@lightcone/abi";
import { isEnum, Option, type Usage } from "../clipanion.ts";
import { CommandError } from "../exit.ts";
import { writeGenerated } from "../generated-files.ts";
import { readModule } from "../module-file.ts";
import { ServerCommand } from "./base.ts";

const languages = ["typescript"] as const;

export class GenerateCommand extends ServerCommand {
  static override paths: string[][] = [["generate"]];
  static override usage: Usage = {
    category: "Clients",
    description: "write typed client code for a module",
    details: `
      The definition comes from a compiled module (\`--bin-path\` or \`--module-path\`) or from
      the running database DB. Files of an earlier run that are no longer needed are removed;
      files that were not generated stay.
    `,
    examples: [
      [
        "From a compiled module",
        "$0 generate --lang typescript --out-dir src/bindings --bin-path chat.wasm",
      ],
      ["From a running database", "$0 generate --lang typescript --out-dir src/bindings chat"],
    ],
  };

  readonly database: string | undefined = Option.String({ name: "DB", required: false });
  readonly lang: (typeof languages)[number] | undefined = Option.String("-l,--lang", {
    validator: isEnum(languages),
    description: "the language: typescript",
  });
  readonly outDir: string | undefined = Option.String("-o,--out-dir", {
    description: "the folder for the files; it is made if need be",
  });
  readonly binPath: string | undefined = Option.String("-b,--bin-path", {
    description: "the compiled module, a .wasm file",
  });
  readonly modulePath: string | undefined = Option.String("-p,--module-path", {
    description: "the module's folder, where the program was built (default: this folder)",
  });
  readonly includePrivate: boolean = Option.Boolean("--include-private", false, {
    description: "write code for private tables and functions, too",
  });

  async run(): Promise<void> {
    const { context, output, lang, outDir } = this;
    if (lang === undefined) throw missing("--lang", "`--lang typescript`");
    if (outDir === undefined) throw missing("--out-dir", "`--out-dir src/bindings`");
    const def = await this.#definition();
    // Loaded here, since no other command needs it.
    const { generateTypeScript } = await import("@lightcone/sdk-client/codegen");
    const files = generateTypeScript(def, { includePrivate: this.includePrivate });
    const folder = resolve(context.workingFolder, outDir);
    const { changedCount, removedCount } = writeGenerated(folder, files);
    output.note(
      `${outDir}: ${files.size} files, ${changedCount} changed, ${removedCount} old ones removed.`,
    );
  }

  async #definition(): Promise<ModuleDef> {
    const { database, binPath, modulePath, context } = this;
    if (database === undefined) {
      const { describeModule } = await context.loadHost();
      return describeModule(readModule(context.workingFolder, { binPath, modulePath }).program);
    }
    if (binPath !== undefined || modulePath !== undefined) {
      throw new CommandError(
        "usage",
        `${database} and a module's path exclude each other`,
        "Name either a database, or a module with --bin-path or --module-path.",
      );
    }
    const api = await this.api("if there");
    return moduleDefFromJson(await api.schema(database));
  }
}

function missing(flag: string, example: string): CommandError {
  return new CommandError("usage", `${flag} is missing`, `Add for example ${example}.`);
}
