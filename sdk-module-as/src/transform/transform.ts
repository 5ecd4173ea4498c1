// What the transform does with the sources of one compilation.
import { type Parser, type Source, userSource } from "../compiler.ts";
import { isImport } from "./ast.ts";
import { checkDefinition } from "./check-definition.ts";
import { Faults } from "./fault.ts";
import { type GeneratedFiles, generateFiles } from "./generate.ts";
import { entryPath, isLibraryPath, placeholderPath, tablesPath } from "./library.ts";
import { addLogLines } from "./log-lines.ts";
import type { ModuleModel } from "./model.ts";
import { Names } from "./names.ts";
import { exportAll, moduleSources, readModule } from "./read-module.ts";
import { exposeAllocated } from "./runtime.ts";
import { rewriteSum } from "./sum.ts";

export interface Transformed {
  readonly model: ModuleModel;
  readonly files: GeneratedFiles;
}

/**
 * Adds to the parsed sources what the decorators stand for. Where they are used wrongly the compiler is
 * told, nothing is added, and the answer is undefined.
 */
export function transformModule(parser: Parser): Transformed | undefined {
  const faults = new Faults(parser);
  const sources = moduleSources(parser);
  const model = readModule(parser, faults);
  if (faults.count === 0) checkDefinition(model, faults);
  if (faults.count > 0) return undefined;
  exportAll(model);
  // The module's own exports are for its files; the host sees those of the generated entry alone.
  for (const source of sources) if (!source.isLibrary) source.sourceKind = userSource;
  for (const type of model.types) if (type.kind === "sum") rewriteSum(parser, type);
  addLogLines(sources, new Names(parser));
  exposeAllocated(parser);
  const files = generateFiles(model);
  parser.parseFile(files.tables, `${tablesPath}.ts`, false);
  parser.parseFile(files.entry, `${entryPath}.ts`, true);
  for (const source of parser.sources) redirect(source);
  return { model, files };
}

// The library imports the tables from a placeholder.
function redirect(source: Source): void {
  if (!isLibraryPath(source.internalPath)) return;
  for (const statement of source.statements) {
    if (isImport(statement) && statement.internalPath === placeholderPath) {
      statement.internalPath = tablesPath;
    }
  }
}
