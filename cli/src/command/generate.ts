// `lightcone generate`: typed bindings for clients, from a compiled module or a database.
import { resolve } from "node:path";
import { isEnum, Option, type Usage } from "../clipanion.ts";
import { CommandError } from "../exit.ts";
import { writeGenerated } from "../generated-files.ts";
import { databaseSource, type Found, type Look, moduleSource } from "../generate/source.ts";
import { watchSource } from "../generate/watch.ts";
import { ServerCommand } from "./base.ts";

const languages = ["typescript"] as const;
const sdks = ["lightcone", "spacetimedb"] as const;
type Sdk = (typeof sdks)[number];

/** How often a file and a database are looked at. */
const fileMillis = 200;
const databaseMillis = 1000;

export class GenerateCommand extends ServerCommand {
  static override paths: string[][] = [["generate"]];
  static override usage: Usage = {
    category: "Clients",
    description: "write typed client code for a module",
    details: `
      The definition comes from a compiled module (\`--bin-path\` or \`--module-path\`) or from
      the running database DB. Files of an earlier run that are no longer needed are removed;
      files that were not generated stay, and so do those that would be written as they are.
      Two things of a module that would have one name in TypeScript are refused, with both names.
    `,
    examples: [
      [
        "From a compiled module",
        "$0 generate --lang typescript --out-dir src/bindings --bin-path chat.wasm",
      ],
      ["From a running database", "$0 generate --lang typescript --out-dir src/bindings chat"],
      [
        "Again after each build of the module in this folder",
        "$0 generate --lang typescript --out-dir src/bindings --watch",
      ],
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

  readonly sdk: Sdk = Option.String("--sdk", "lightcone", {
    validator: isEnum(sdks),
    description: "the client package: lightcone, or spacetimedb from npm (default: lightcone)",
  });
  readonly isWatching: boolean = Option.Boolean("-w,--watch", false, {
    description: "go on whenever the module or the database's program has changed, until Ctrl-C",
  });

  async run(): Promise<void> {
    const { context, output, lang, outDir, isWatching } = this;
    if (lang === undefined) throw missing("--lang", "`--lang typescript`");
    if (outDir === undefined) throw missing("--out-dir", "`--out-dir src/bindings`");
    const stop = isWatching ? context.stopSignal() : undefined;
    const look = await this.#source(stop);
    // Loaded here, since no other command needs it.
    const { generateSpacetime, generateTypeScript } = await import("@lightcone/sdk-client/codegen");
    const generate = { lightcone: generateTypeScript, spacetimedb: generateSpacetime }[this.sdk];
    const write = ({ definition }: Found): void => {
      const files = generate(definition(), { includePrivate: this.includePrivate });
      const folder = resolve(context.workingFolder, outDir);
      const { changedCount, removedCount } = writeGenerated(folder, files);
      output.note(
        `${outDir}: ${files.size} files, ${changedCount} changed, ${removedCount} old ones removed.`,
      );
    };
    if (stop === undefined) {
      write(await look());
      return;
    }
    await watchSource({
      look,
      onFound: write,
      onFault: (fault) => {
        output.note(`${fault.message}; ${outDir} stays as it is.`);
      },
      intervalMillis: this.database === undefined ? fileMillis : databaseMillis,
      stop,
    });
  }

  async #source(stop: AbortSignal | undefined): Promise<Look> {
    const { database, binPath, modulePath, context } = this;
    if (database === undefined) {
      const { describeModule } = await context.loadHost();
      const choice = { binPath, modulePath };
      return moduleSource(context.workingFolder, choice, (program) => describeModule(program));
    }
    if (binPath !== undefined || modulePath !== undefined) {
      throw new CommandError(
        "usage",
        `${database} and a module's path exclude each other`,
        "Name either a database, or a module with --bin-path or --module-path.",
      );
    }
    return databaseSource(await this.api("if there", stop), database);
  }
}

function missing(flag: string, example: string): CommandError {
  return new CommandError("usage", `${flag} is missing`, `Add for example ${example}.`);
}
