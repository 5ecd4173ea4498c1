// What a name of a type means in a source: a declaration of the module's, perhaps in another file, or
// something of the library. The compiler itself resolves names only after transforms have run.
import {
  type ExportStatement,
  type ImportStatement,
  type Node,
  nodeKind,
  type Parser,
  type Source,
  type Statement,
  type TypeDeclaration,
  type ClassDeclaration,
  type EnumDeclaration,
} from "../compiler.ts";
import { isClass, isEnum, isImport, isTypeAlias } from "./ast.ts";
import { isLibraryPath } from "./library.ts";

export type Meaning =
  | { readonly kind: "library"; readonly name: string }
  | {
      readonly kind: "declared";
      readonly source: Source;
      readonly node: ClassDeclaration | EnumDeclaration | TypeDeclaration;
    };

/** Looks names up in the sources of one compilation. */
export class Names {
  readonly #byPath: ReadonlyMap<string, Source>;

  constructor(parser: Parser) {
    this.#byPath = new Map(parser.sources.map((source) => [source.internalPath, source]));
  }

  /** `parts` are the pieces of a dotted name. */
  meaning(source: Source, parts: readonly string[]): Meaning | undefined {
    const [first, second] = parts;
    if (first === undefined || parts.length > 2) return undefined;
    if (second === undefined) return this.#local(source, first, new Set());
    for (const statement of source.statements) {
      if (isImport(statement) && statement.namespaceName?.text === first) {
        return this.#imported(statement, second, new Set());
      }
    }
    return undefined;
  }

  /** The library's name for what a source calls `name`, if it has it from there. */
  fromLibrary(source: Source, name: string): string | undefined {
    const meaning = this.meaning(source, [name]);
    return meaning?.kind === "library" ? meaning.name : undefined;
  }

  #local(source: Source, name: string, seen: Set<Source>): Meaning | undefined {
    for (const statement of source.statements) {
      const node = declaredType(statement);
      if (node?.name.text === name) return { kind: "declared", source, node };
      if (!isImport(statement)) continue;
      const found = statement.declarations?.find((each) => each.name.text === name);
      if (found !== undefined) return this.#imported(statement, found.foreignName.text, seen);
    }
    return undefined;
  }

  #imported(statement: ImportStatement, name: string, seen: Set<Source>): Meaning | undefined {
    return this.#behind(statement.internalPath, name, seen);
  }

  #behind(path: string, name: string, seen: Set<Source>): Meaning | undefined {
    if (isLibraryPath(path)) return { kind: "library", name };
    const source = this.#byPath.get(path) ?? this.#byPath.get(`${path}/index`);
    return source === undefined ? undefined : this.#exported(source, name, seen);
  }

  #exported(source: Source, name: string, seen: Set<Source>): Meaning | undefined {
    if (seen.has(source)) return undefined;
    seen.add(source);
    for (const statement of source.statements) {
      if (!isExport(statement)) continue;
      const member = statement.members?.find((each) => each.exportedName.text === name);
      if (member !== undefined) {
        return statement.internalPath === null
          ? this.#local(source, member.localName.text, seen)
          : this.#behind(statement.internalPath, member.localName.text, seen);
      }
    }
    const local = this.#local(source, name, seen);
    if (local !== undefined) return local;
    for (const statement of source.statements) {
      if (!isExport(statement) || statement.members !== null || statement.internalPath === null) {
        continue;
      }
      const found = this.#behind(statement.internalPath, name, seen);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function declaredType(
  statement: Statement,
): ClassDeclaration | EnumDeclaration | TypeDeclaration | undefined {
  const isType = isClass(statement) || isEnum(statement) || isTypeAlias(statement);
  return isType ? statement : undefined;
}

function isExport(node: Node): node is ExportStatement {
  return (node.kind as number) === nodeKind.Export;
}
