// What V9 and V10 both say of a module, before it is put together: the form that v9.ts and v10.ts
// translate into and build.ts makes a definition of.
import type { AlgebraicType } from "../sats/type.ts";
import type { NamedTypes, TableSource } from "./build-table.ts";
import type { HttpRouteDef, ProcedureDef, ReducerDef, TypeDef, ViewDef } from "./def.ts";

export interface ExportedTypeSource extends TypeDef {
  /** False promises that the elements stand in the default order. */
  readonly hasCustomOrdering: boolean;
}

export interface ViewSource extends Omit<ViewDef, "primaryKey"> {
  /** Names of the columns of the primary key; undefined where none is declared. */
  readonly keyColumns: readonly string[] | undefined;
}

interface SubmoduleSource {
  readonly namespace: string;
  readonly module: ModuleSource;
}

export interface ModuleSource {
  readonly version: 9 | 10;
  readonly types: NamedTypes;
  readonly exportedTypes: readonly ExportedTypeSource[];
  readonly tables: readonly TableSource[];
  readonly reducers: readonly ReducerDef[];
  readonly procedures: readonly ProcedureDef[];
  readonly views: readonly ViewSource[];
  readonly rowLevelSecurity: readonly string[];
  readonly httpHandlers: readonly string[];
  readonly httpRoutes: readonly HttpRouteDef[];
  readonly submodules: readonly SubmoduleSource[];
  /** Found while translating. */
  readonly faults: readonly string[];
}

/** Every place outside the typespace where a type stands, with what to call it. */
export function typeUses(source: ModuleSource): [what: string, type: AlgebraicType][] {
  const uses: [string, AlgebraicType][] = [];
  for (const reducer of source.reducers) {
    uses.push([`reducer \`${reducer.sourceName}\``, reducer.params]);
  }
  for (const { sourceName, params, returnType } of source.procedures) {
    uses.push([`procedure \`${sourceName}\``, params]);
    uses.push([`procedure \`${sourceName}\``, returnType]);
  }
  for (const { sourceName, params, returnType } of source.views) {
    uses.push([`view \`${sourceName}\``, params]);
    uses.push([`view \`${sourceName}\``, returnType]);
  }
  for (const { name, ref } of source.exportedTypes)
    uses.push([`type \`${name}\``, { kind: "ref", ref }]);
  return uses;
}
