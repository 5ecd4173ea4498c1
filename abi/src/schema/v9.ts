// RawModuleDefV9 to the common form: names are used as given, schedules and lifecycle stand where
// they belong, defaults, procedures and views come among the misc exports (module-def.md 5.3).
import { productTypeFromRaw, typeFromRaw } from "../sats/algebraic-type.ts";
import type { TableSource } from "./build-table.ts";
import type { Lifecycle, ProcedureDef } from "./def.ts";
import { scheduleName } from "./names.ts";
import type { RawLifecycle } from "./raw-shared.ts";
import type { RawDefaultV9, RawModuleDefV9, RawTableV9 } from "./raw-v9.ts";
import type { ModuleSource, ViewSource } from "./source.ts";

/** Names of lifecycle events in definitions. */
export const lifecycles: Readonly<Record<RawLifecycle["tag"], Lifecycle>> = {
  Init: "init",
  OnConnect: "onConnect",
  OnDisconnect: "onDisconnect",
};

/** Translates a V9 definition; what cannot be said in the common form becomes a fault in it. */
export function sourceFromV9(raw: RawModuleDefV9): ModuleSource {
  const faults: string[] = [];
  const types = raw.typespace.types.map(typeFromRaw);
  const defaults = defaultsByTable(raw, faults);
  return {
    version: 9,
    types: { source: types, canonical: types },
    exportedTypes: raw.types.map(({ name, ty, custom_ordering }) => ({
      scope: name.scope,
      name: name.name,
      ref: ty,
      hasCustomOrdering: custom_ordering,
    })),
    tables: raw.tables.map((table) => tableSource(table, defaults.get(table.name)?.values() ?? [])),
    reducers: raw.reducers.map(({ name, params, lifecycle }, id) => ({
      id,
      name,
      sourceName: name,
      params: productTypeFromRaw(params),
      lifecycle: lifecycle === undefined ? undefined : lifecycles[lifecycle.tag],
      isPrivate: false,
    })),
    procedures: procedures(raw),
    views: views(raw),
    rowLevelSecurity: raw.row_level_security.map(({ sql }) => sql),
    httpHandlers: [],
    httpRoutes: [],
    submodules: [],
    faults,
  };
}

/** Default values by table, and in it by column. */
function defaultsByTable(
  raw: RawModuleDefV9,
  faults: string[],
): Map<string, Map<number, RawDefaultV9>> {
  const byTable = new Map(raw.tables.map(({ name }) => [name, new Map<number, RawDefaultV9>()]));
  for (const { tag, value } of raw.misc_exports) {
    if (tag !== "ColumnDefaultValue") continue;
    const known = byTable.get(value.table);
    if (known === undefined) {
      faults.push(`a default value is for table \`${value.table}\`, which does not exist`);
    } else if (known.has(value.col_id)) {
      faults.push(`table \`${value.table}\`: column ${value.col_id} has two default values`);
    } else {
      known.set(value.col_id, value);
    }
  }
  return byTable;
}

function tableSource(table: RawTableV9, defaults: Iterable<RawDefaultV9>): TableSource {
  const { schedule } = table;
  return {
    name: table.name,
    sourceName: table.name,
    productTypeRef: table.product_type_ref,
    primaryKey: table.primary_key,
    indexes: table.indexes.map(({ name, accessor_name, algorithm }) => ({
      name,
      sourceName: name,
      accessorName: accessor_name,
      algorithm,
    })),
    constraints: table.constraints.map(({ name, data }) => ({ name, columns: data.value.columns })),
    sequences: table.sequences.map((sequence) => ({ name: sequence.name, sequence })),
    schedule: schedule && {
      name: schedule.name ?? scheduleName(table.name),
      atColumn: schedule.scheduled_at_column,
      functionName: schedule.reducer_name,
    },
    defaults: Array.from(defaults, ({ col_id, value }) => ({ column: col_id, value })),
    isSystem: table.table_type.tag === "System",
    access: table.table_access.tag === "Public" ? "public" : "private",
    isEvent: false,
  };
}

function procedures(raw: RawModuleDefV9): ProcedureDef[] {
  const found: ProcedureDef[] = [];
  for (const { tag, value } of raw.misc_exports) {
    if (tag !== "Procedure") continue;
    found.push({
      // Procedures are numbered among themselves, whatever stands between them.
      id: found.length,
      name: value.name,
      sourceName: value.name,
      params: productTypeFromRaw(value.params),
      returnType: typeFromRaw(value.return_type),
      isPrivate: false,
    });
  }
  return found;
}

function views(raw: RawModuleDefV9): ViewSource[] {
  return raw.misc_exports.flatMap(({ tag, value }) =>
    tag !== "View"
      ? []
      : {
          index: value.index,
          name: value.name,
          sourceName: value.name,
          isPublic: value.is_public,
          isAnonymous: value.is_anonymous,
          params: productTypeFromRaw(value.params),
          returnType: typeFromRaw(value.return_type),
          keyColumns: undefined,
        },
  );
}
