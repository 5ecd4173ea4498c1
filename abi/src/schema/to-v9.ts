// A checked definition as RawModuleDefV9. What V9 cannot say is left out: event tables, visibility,
// aliases, HTTP.
import { productTypeToRaw, typeToRaw } from "../sats/algebraic-type.ts";
import type { ModuleDef, TableDef } from "./def.ts";
import type { RawMiscV9, RawModuleDefV9, RawTableV9 } from "./raw-v9.ts";
import {
  rawAccess,
  rawAlgorithm,
  rawLifecycle,
  rawPrimaryKey,
  rawSequence,
  rawTypespace,
  rawUnique,
  rawView,
} from "./to-raw.ts";

export function rawV9FromDef(def: ModuleDef): RawModuleDefV9 {
  return {
    typespace: rawTypespace(def.typespace),
    tables: def.tables.map(rawTable),
    reducers: def.reducers.map(({ name, params, lifecycle }) => ({
      name,
      params: productTypeToRaw(params),
      lifecycle: lifecycle === undefined ? undefined : rawLifecycle(lifecycle),
    })),
    types: def.types.map(({ scope, name, ref }) => ({
      name: { scope, name },
      ty: ref,
      // The order that the elements stand in is the one that counts, whether or not it is the
      // default.
      custom_ordering: true,
    })),
    misc_exports: miscExports(def),
    row_level_security: def.rowLevelSecurity.map((sql) => ({ sql })),
  };
}

function rawTable(table: TableDef): RawTableV9 {
  const { schedule } = table;
  return {
    name: table.name,
    product_type_ref: table.productTypeRef,
    primary_key: rawPrimaryKey(table.primaryKey),
    indexes: table.indexes.map(({ name, accessorName, algorithm }) => ({
      name,
      accessor_name: accessorName,
      algorithm: rawAlgorithm(algorithm),
    })),
    constraints: table.constraints.map(({ name, columns }) => ({ name, data: rawUnique(columns) })),
    sequences: table.sequences.map((sequence) => ({
      name: sequence.name,
      ...rawSequence(sequence),
    })),
    schedule: schedule && {
      name: schedule.name,
      reducer_name: schedule.functionName,
      scheduled_at_column: schedule.atColumn,
    },
    table_type: { tag: "User", value: undefined },
    table_access: rawAccess(table.access),
  };
}

function miscExports(def: ModuleDef): RawMiscV9[] {
  const defaults = def.tables.flatMap(({ name, columns }) =>
    columns.flatMap(({ defaultValue }, col_id): RawMiscV9[] => {
      if (defaultValue === undefined) return [];
      return [{ tag: "ColumnDefaultValue", value: { table: name, col_id, value: defaultValue } }];
    }),
  );
  const procedures = def.procedures.map(({ name, params, returnType }): RawMiscV9 => ({
    tag: "Procedure",
    value: { name, params: productTypeToRaw(params), return_type: typeToRaw(returnType) },
  }));
  const views = def.views.map((view): RawMiscV9 => ({
    tag: "View",
    value: { name: view.name, ...rawView(view) },
  }));
  return [...defaults, ...procedures, ...views];
}
