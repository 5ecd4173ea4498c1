// A module's folder becomes a program: compiled by what its language needs, then looked at as a host would.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { ModuleDef } from "@lightcone/abi";
import type { CommandContext } from "../context.ts";
import type { ModuleFile } from "../module-file.ts";
import type { Output } from "../output.ts";
import { type AssemblyScriptOptions, buildAssemblyScript } from "./assemblyscript.ts";
import { checkProgram } from "./check-program.ts";
import type { Project } from "./project.ts";
import { buildRust } from "./rust.ts";

export interface Built extends ModuleFile {
  readonly definition: ModuleDef;
  readonly millis: number;
}

export const releaseBuild: AssemblyScriptOptions = { isDebug: false, hasSourceMap: true };

/** Builds and checks. What compilers say goes to standard error. Throws a CommandError. */
export async function buildProject(
  project: Project,
  options: AssemblyScriptOptions,
  context: CommandContext,
  output: Output,
): Promise<Built> {
  const start = performance.now();
  const path =
    project.language === "rust"
      ? await buildRust(project, options.isDebug, context)
      : await buildAssemblyScript(project, options, output);
  const program = readFileSync(join(project.folder, path));
  const millis = performance.now() - start;
  const definition = checkProgram(program, await context.loadHost());
  return { path: join(project.shownFolder, path), program, definition, millis };
}
