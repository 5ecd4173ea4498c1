// `lightcone build`: a module's folder becomes a program that can be published.
import { buildProject } from "../build/build.ts";
import { findProject } from "../build/project.ts";
import { Option, type Usage } from "../clipanion.ts";
import { CommandError } from "../exit.ts";
import { LightconeCommand } from "./base.ts";

export class BuildCommand extends LightconeCommand {
  static override paths: string[][] = [["build"]];
  static override usage: Usage = {
    category: "Modules",
    description: "compile a module and check that a host will take it",
    details: `
      A folder with Cargo.toml is built with cargo, one with asconfig.json or assembly/index.ts with
      the SDK for AssemblyScript that it has installed. What the compiler says is shown as it is.
      The program's path is printed; \`lightcone publish\` finds it.
    `,
    examples: [["Build the module in a folder", "$0 build server"]],
  };

  readonly folder: string | undefined = Option.String({ name: "DIR", required: false });
  readonly isDebug: boolean = Option.Boolean("--debug", false, {
    description: "compile quickly, without optimisation, with names of functions",
  });
  readonly noSourceMap: boolean = Option.Boolean("--no-source-map", false, {
    description: "leave out which lines the code comes from (AssemblyScript)",
  });

  async run(): Promise<void> {
    const { context, folder = ".", output, isDebug } = this;
    const project = findProject(context.workingFolder, folder);
    if (project === undefined) {
      throw new CommandError(
        "usage",
        `${folder === "." ? "this folder" : folder} has no module that can be built`,
        "A module has a Cargo.toml, or an assembly/index.ts; `lightcone init` makes one.",
      );
    }
    const options = { isDebug, hasSourceMap: !this.noSourceMap };
    const { path, program, definition, millis } = await buildProject(
      project,
      options,
      context,
      output,
    );
    output.line(path);
    const { tables, reducers, views, procedures } = definition;
    const counts = [
      counted(tables, "table"),
      counted(reducers, "reducer"),
      counted(views, "view"),
      counted(procedures, "procedure"),
    ];
    const kibibytes = (program.length / 1024).toFixed(1);
    output.note(
      `Built in ${(millis / 1000).toFixed(1)} s: ${kibibytes} KiB, ${counts.join(", ")}.`,
    );
  }
}

function counted({ length }: readonly unknown[], noun: string): string {
  return `${length} ${noun}${length === 1 ? "" : "s"}`;
}
