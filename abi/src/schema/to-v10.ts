// A checked definition as RawModuleDefV10. Names in it are final: the case policy is None, objects
// are called by their source names as cross-references need it, and ExplicitNames leads from those
// to the canonical ones.
import { productTypeToRaw, typeToRaw } from "../sats/algebraic-type.ts";
import { present } from "../assert.ts";
import type { HttpRouteDef, ModuleDef, TableDef } from "./def.ts";
import { viewRowRef } from "./check-function.ts";
import type {
  RawExplicitName,
  RawHttpMethod,
  RawHttpRoute,
  RawModuleDefV10,
  RawReducerV10,
  RawScheduleV10,
  RawSectionV10,
  RawTableV10,
  RawViewPrimaryKey,
  RawVisibility,
} from "./raw-v10.ts";
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

export function rawV10FromDef(def: ModuleDef): RawModuleDefV10 {
  const always: RawSectionV10[] = [
    { tag: "CaseConversionPolicy", value: { tag: "None", value: undefined } },
    { tag: "Typespace", value: rawTypespace(def.typespace) },
    { tag: "Types", value: rawTypes(def) },
    { tag: "Tables", value: def.tables.map(rawTable) },
    { tag: "Reducers", value: rawReducers(def) },
    { tag: "ExplicitNames", value: { entries: explicitNames(def) } },
  ];
  const whereNeeded: RawSectionV10[] = [
    { tag: "Procedures", value: rawProcedures(def) },
    {
      tag: "Views",
      value: def.views.map((view) => ({ source_name: view.sourceName, ...rawView(view) })),
    },
    { tag: "Schedules", value: rawSchedules(def) },
    { tag: "LifeCycleReducers", value: rawLifecycles(def) },
    { tag: "RowLevelSecurity", value: def.rowLevelSecurity.map((sql) => ({ sql })) },
    { tag: "HttpHandlers", value: def.httpHandlers.map((source_name) => ({ source_name })) },
    { tag: "HttpRoutes", value: def.httpRoutes.map(rawRoute) },
    { tag: "ViewPrimaryKeys", value: rawViewKeys(def) },
  ];
  const filled = whereNeeded.filter(({ value }) => Array.isArray(value) && value.length > 0);
  return { sections: [...always, ...filled] };
}

function rawTypes(def: ModuleDef): Extract<RawSectionV10, { tag: "Types" }>["value"] {
  return def.types.map(({ scope, name, ref }) => ({
    source_name: { scope, source_name: name },
    ty: ref,
    // The order that the elements stand in is the one that counts, whether or not it is the
    // default.
    custom_ordering: true,
  }));
}

function rawTable(table: TableDef): RawTableV10 {
  return {
    source_name: table.sourceName,
    product_type_ref: table.productTypeRef,
    primary_key: rawPrimaryKey(table.primaryKey),
    indexes: table.indexes.map(({ sourceName, accessorName, algorithm }) => ({
      source_name: sourceName,
      accessor_name: accessorName,
      algorithm: rawAlgorithm(algorithm),
    })),
    constraints: table.constraints.map(({ name, columns }) => ({
      source_name: name,
      data: rawUnique(columns),
    })),
    sequences: table.sequences.map((sequence) => ({
      source_name: sequence.name,
      ...rawSequence(sequence),
    })),
    table_type: { tag: "User", value: undefined },
    table_access: rawAccess(table.access),
    default_values: table.columns.flatMap(({ defaultValue }, col_id) =>
      defaultValue === undefined ? [] : [{ col_id, value: defaultValue }],
    ),
    is_event: table.isEvent,
  };
}

function visibility(isPrivate: boolean): RawVisibility {
  return { tag: isPrivate ? "Private" : "ClientCallable", value: undefined };
}

function rawReducers(def: ModuleDef): RawReducerV10[] {
  return def.reducers.map(({ sourceName, params, isPrivate }) => ({
    source_name: sourceName,
    params: productTypeToRaw(params),
    visibility: visibility(isPrivate),
    ok_return_type: { tag: "Product", value: { elements: [] } },
    err_return_type: { tag: "String", value: undefined },
  }));
}

function rawProcedures(def: ModuleDef): Extract<RawSectionV10, { tag: "Procedures" }>["value"] {
  return def.procedures.map(({ sourceName, params, returnType, isPrivate }) => ({
    source_name: sourceName,
    params: productTypeToRaw(params),
    return_type: typeToRaw(returnType),
    visibility: visibility(isPrivate),
  }));
}

function rawSchedules(def: ModuleDef): RawScheduleV10[] {
  return def.tables.flatMap(({ sourceName, schedule }) => {
    if (schedule === undefined) return [];
    const callables = [...def.reducers, ...def.procedures];
    const callable = callables.find(({ name }) => name === schedule.functionName);
    return [
      {
        source_name: schedule.name,
        table_name: sourceName,
        schedule_at_col: schedule.atColumn,
        function_name: present(callable, "a schedule's function is gone").sourceName,
      },
    ];
  });
}

function rawLifecycles(
  def: ModuleDef,
): Extract<RawSectionV10, { tag: "LifeCycleReducers" }>["value"] {
  return def.reducers.flatMap(({ sourceName, lifecycle }) =>
    lifecycle === undefined
      ? []
      : [{ lifecycle_spec: rawLifecycle(lifecycle), function_name: sourceName }],
  );
}

function explicitNames(def: ModuleDef): RawExplicitName[] {
  interface Named {
    readonly name: string;
    readonly sourceName: string;
  }
  function mapped(tag: RawExplicitName["tag"], objects: readonly Named[]): RawExplicitName[] {
    return objects.map(({ name, sourceName }) => ({
      tag,
      value: { source_name: sourceName, canonical_name: name },
    }));
  }
  return [
    ...mapped("Table", def.tables),
    ...mapped("Function", [...def.reducers, ...def.procedures, ...def.views]),
    ...mapped(
      "Index",
      def.tables.flatMap(({ indexes }) => indexes),
    ),
  ];
}

const plainMethods: readonly string[] = [
  "Get",
  "Head",
  "Post",
  "Put",
  "Delete",
  "Connect",
  "Options",
  "Trace",
  "Patch",
];

function rawRoute({ handler, method, path }: HttpRouteDef): RawHttpRoute {
  return {
    handler_function: handler,
    method:
      method === undefined
        ? { tag: "Any", value: undefined }
        : { tag: "Method", value: rawMethod(method) },
    path,
  };
}

function rawMethod(method: string): RawHttpMethod {
  const plain = plainMethods.find((name) => name.toUpperCase() === method);
  if (plain === undefined) return { tag: "Extension", value: method };
  return { tag: plain, value: undefined } as RawHttpMethod;
}

function rawViewKeys(def: ModuleDef): RawViewPrimaryKey[] {
  return def.views.flatMap(({ sourceName, returnType, primaryKey }) => {
    if (primaryKey === undefined) return [];
    const row = def.typespace[present(viewRowRef(returnType), "a view returns no rows")];
    const column = row?.kind === "product" ? row.elements[primaryKey]?.name : undefined;
    return [
      { view_source_name: sourceName, columns: [present(column, "a view's key is no column")] },
    ];
  });
}
