// All sources of a compilation as the model of one module.
import {
  commonFlags,
  type FunctionDeclaration,
  type Parser,
  type Source,
  type VariableStatement,
} from "../compiler.ts";
import { decorated, isClass, isFunction, isString, isVariables } from "./ast.ts";
import { checkModule } from "./check.ts";
import { checkEnvironment } from "./check-environment.ts";
import { checkDecorators } from "./check-decorators.ts";
import type { Faults } from "./fault.ts";
import { isLibraryPath } from "./library.ts";
import type { FunctionModel, ModuleModel, TableModel } from "./model.ts";
import { Names } from "./names.ts";
import { FunctionReader, isMarked } from "./read-functions.ts";
import { readTable } from "./read-tables.ts";
import { declareTypes, readFields, usedTypes } from "./read-types.ts";
import { TypeResolver } from "./resolve-type.ts";

/** The sources that may have decorators of this package: all but the library's own and the compiler's. */
export function moduleSources(parser: Parser): Source[] {
  return parser.sources.filter(({ internalPath, isLibrary }) => {
    if (isLibraryPath(internalPath)) return false;
    // Packages of others are `~lib/name/…`; what comes with the compiler is known by its decorators.
    return !isLibrary || !isCompilers(internalPath);
  });
}

function isCompilers(path: string): boolean {
  return /^~lib\/(?:rt|util|shared|bindings|wasi_[^/]*)\//.test(path) || !/^~lib\/.+\//.test(path);
}

/** Reads the module, and says in `faults` what is wrong with it. */
export function readModule(parser: Parser, faults: Faults): ModuleModel {
  const sources = moduleSources(parser);
  const names = new Names(parser);
  for (const source of sources) {
    checkDecorators(source, faults);
    if (!source.isLibrary) checkEnvironment(source, names, faults);
  }
  const declared = declareTypes(sources, faults);
  const resolver = new TypeResolver(names, faults, declared);
  readFields(declared, resolver, faults);
  const reader = new FunctionReader(names, resolver, faults);
  const tables: TableModel[] = [];
  const functions: FunctionModel[] = [];
  const rowFilters: string[] = [];
  for (const source of sources) {
    for (const statement of source.statements) {
      const type = declared.get(statement);
      if (isClass(statement) && type?.isTable === true) {
        tables.push(readTable(type, statement, faults));
      } else if (isFunction(statement) && isMarked(statement)) {
        const found = reader.read(source, statement);
        if (found !== undefined) functions.push(found);
      } else if (isVariables(statement)) {
        rowFilters.push(...readRowFilters(statement, faults));
      }
    }
  }
  const model = { types: usedTypes(tables, functions), tables, functions, rowFilters };
  checkModule(model, faults);
  return model;
}

function readRowFilters(statement: VariableStatement, faults: Faults): string[] {
  if (decorated(statement, "rowFilter") === undefined) return [];
  return statement.declarations.flatMap(({ name, initializer }) => {
    if (initializer !== null && isString(initializer)) return [initializer.value];
    faults.add(
      name.range,
      `Row filter '${name.text}' is no text`,
      'Write one text in quotes: @rowFilter const mine = "SELECT * FROM …"',
    );
    return [];
  });
}

/** Makes what the generated files import visible to them. */
export function exportAll(model: ModuleModel): void {
  const declarations: { flags: number }[] = [
    ...model.types.map(({ declaration }) => declaration),
    ...model.functions.map(({ declaration }): FunctionDeclaration => declaration),
  ];
  for (const each of declarations) each.flags |= commonFlags.Export;
}
