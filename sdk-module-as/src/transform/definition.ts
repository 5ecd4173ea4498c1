// The module's definition, RawModuleDefV10, as bytes (module-def.md 5.4). It is made at compile time
// and is static data of the module.
import {
  type AlgebraicType,
  array,
  bytesType,
  connectionIdType,
  encodeRaw,
  identityType,
  option,
  product,
  type ProductType,
  productTypeToRaw,
  type RawSectionsV10,
  type RawSectionV10,
  ref,
  scheduleAtType,
  snakeCase,
  sum,
  timeDurationType,
  timestampType,
  typeToRaw,
  unitType,
  uuidType,
} from "@lightcone/abi";
import type {
  FunctionModel,
  IndexModel,
  LeafName,
  LifecycleName,
  ModuleModel,
  NamedType,
  Parameter,
  RouteModel,
  TableModel,
  TypeModel,
} from "./model.ts";

const leafTypes: Readonly<Record<LeafName, AlgebraicType>> = {
  Identity: identityType,
  ConnectionId: connectionIdType,
  Timestamp: timestampType,
  TimeDuration: timeDurationType,
  ScheduleAt: scheduleAtType,
  Uuid: uuidType,
  I128: { kind: "i128" },
  U128: { kind: "u128" },
  I256: { kind: "i256" },
  U256: { kind: "u256" },
};

/** The type as the definition has it. */
function algebraicType(type: TypeModel): AlgebraicType {
  switch (type.kind) {
    case "primitive":
      return { kind: type.primitive };
    case "leaf":
      return leafTypes[type.name];
    case "unit":
      return unitType;
    case "bytes":
      return bytesType;
    case "array":
      return array(algebraicType(type.element));
    case "option":
      return option(algebraicType(type.some));
    case "result":
      return sum({ ok: algebraicType(type.ok), err: algebraicType(type.err) });
    case "named":
      return ref(type.type.ref);
    case "query":
      return product({ __query__: ref(type.row.ref) });
  }
}

/** What `__describe_module__` writes. */
export function definitionBytes(model: ModuleModel): Uint8Array {
  const { types, tables, functions } = model;
  const reducers = functions.filter(({ kind }) => kind === "reducer");
  const sections: RawSectionV10[] = [
    { tag: "CaseConversionPolicy", value: plain("SnakeCase") },
    { tag: "Typespace", value: { types: types.map((type) => typeToRaw(declaredType(type))) } },
    { tag: "Types", value: types.map(exportedType) },
    { tag: "Tables", value: tables.map(rawTable) },
    { tag: "Reducers", value: reducers.map(rawReducer) },
    { tag: "Procedures", value: ofKind(functions, "procedure").map(rawProcedure) },
    { tag: "Views", value: rawViews(functions) },
    { tag: "Schedules", value: tables.flatMap(rawSchedule) },
    { tag: "LifeCycleReducers", value: reducers.flatMap(rawLifecycle) },
    { tag: "RowLevelSecurity", value: model.rowFilters.map((sql) => ({ sql })) },
    { tag: "ExplicitNames", value: { entries: explicitNames(model) } },
    {
      tag: "HttpHandlers",
      value: ofKind(functions, "httpHandler").map(({ name }) => ({ source_name: name })),
    },
    { tag: "HttpRoutes", value: ofKind(functions, "httpHandler").flatMap(rawRoutes) },
    { tag: "ViewPrimaryKeys", value: ofKind(functions, "view").flatMap(rawViewKey) },
  ];
  return encodeRaw({ version: 10, def: { sections } });
}

/** The functions of a kind, in the order of their numbers. */
export function ofKind(
  functions: readonly FunctionModel[],
  kind: FunctionModel["kind"],
): FunctionModel[] {
  return functions.filter((each) => each.kind === kind);
}

function plain<Tag extends string>(tag: Tag): { tag: Tag; value: undefined } {
  return { tag, value: undefined };
}

function declaredType(type: NamedType): AlgebraicType {
  const elements = type.fields.map(({ name, type: each }) => ({ name, type: algebraicType(each) }));
  return type.kind === "product"
    ? { kind: "product", elements }
    : { kind: "sum", variants: elements };
}

function exportedType(type: NamedType): RawSectionsV10["Types"][number] {
  return {
    source_name: { scope: [], source_name: type.name },
    ty: type.ref,
    custom_ordering: true,
  };
}

/** The name that a module looks an index up by. */
export function indexName(table: TableModel, index: IndexModel): string {
  const columns = index.columns.map((column) => table.type.fields[column]?.name ?? "");
  return `${table.accessor}_${columns.join("_")}_idx_${index.kind}`;
}

function rawTable(table: TableModel): RawSectionsV10["Tables"][number] {
  return {
    source_name: table.accessor,
    product_type_ref: table.type.ref,
    primary_key: table.primaryKey === undefined ? [] : [table.primaryKey],
    indexes: table.indexes.map((index) => ({
      source_name: indexName(table, index),
      // An index's accessor is the one name that must not change when a module is published anew: in this
      // form it is that of the same module in another language.
      accessor_name: snakeCase(index.accessor),
      algorithm:
        index.kind === "direct"
          ? { tag: "Direct", value: index.columns[0] ?? 0 }
          : { tag: index.kind === "hash" ? "Hash" : "BTree", value: index.columns },
    })),
    constraints: table.uniques.map((columns) => ({
      source_name: undefined,
      data: { tag: "Unique", value: { columns } },
    })),
    sequences: table.autoInc.map((column) => ({
      source_name: undefined,
      column,
      start: undefined,
      min_value: undefined,
      max_value: undefined,
      increment: 1n,
    })),
    table_type: plain("User"),
    table_access: plain(table.access === "public" ? "Public" : "Private"),
    default_values: [...table.defaults].map(([col_id, value]) => ({ col_id, value })),
    is_event: table.isEvent,
  };
}

function paramsType(params: readonly Parameter[]): ProductType {
  const elements = params.map(({ name, type }) => ({ name, type: algebraicType(type) }));
  return { kind: "product", elements };
}

function rawReducer(each: FunctionModel): RawSectionsV10["Reducers"][number] {
  return {
    source_name: each.name,
    params: productTypeToRaw(paramsType(each.params)),
    visibility: plain(each.lifecycle === undefined ? "ClientCallable" : "Private"),
    ok_return_type: typeToRaw(unitType),
    err_return_type: typeToRaw({ kind: "string" }),
  };
}

function rawProcedure(each: FunctionModel): RawSectionsV10["Procedures"][number] {
  return {
    source_name: each.name,
    params: productTypeToRaw(paramsType(each.params)),
    return_type: typeToRaw(algebraicType(each.returns)),
    visibility: plain("ClientCallable"),
  };
}

// Views with a sender and views without are numbered apart (abi.md 7.6).
function rawViews(functions: readonly FunctionModel[]): RawSectionsV10["Views"][number][] {
  return [true, false].flatMap((isAnonymous) =>
    viewsOf(functions, isAnonymous).map((each, index) => ({
      source_name: each.name,
      index,
      is_public: true,
      is_anonymous: isAnonymous,
      params: productTypeToRaw(paramsType([])),
      return_type: typeToRaw(algebraicType(each.returns)),
    })),
  );
}

/** The views with or without a sender, in the order of their numbers. */
export function viewsOf(
  functions: readonly FunctionModel[],
  isAnonymous: boolean,
): FunctionModel[] {
  return ofKind(functions, "view").filter((each) => each.isAnonymous === isAnonymous);
}

function rawSchedule({ accessor, schedule }: TableModel): RawSectionsV10["Schedules"][number][] {
  if (schedule === undefined) return [];
  return [
    {
      source_name: undefined,
      table_name: accessor,
      schedule_at_col: schedule.atColumn,
      function_name: schedule.functionName,
    },
  ];
}

const lifecycles = {
  init: "Init",
  clientConnected: "OnConnect",
  clientDisconnected: "OnDisconnect",
} as const satisfies Record<LifecycleName, string>;

function rawLifecycle({
  name,
  lifecycle,
}: FunctionModel): RawSectionsV10["LifeCycleReducers"][number][] {
  if (lifecycle === undefined) return [];
  return [{ lifecycle_spec: plain(lifecycles[lifecycle]), function_name: name }];
}

function explicitNames({
  tables,
  functions,
}: ModuleModel): RawSectionsV10["ExplicitNames"]["entries"][number][] {
  const entry = (
    tag: "Table" | "Function" | "Index",
    source_name: string,
    canonical_name: string | undefined,
  ): RawSectionsV10["ExplicitNames"]["entries"][number][] =>
    canonical_name === undefined ? [] : [{ tag, value: { source_name, canonical_name } }];
  return [
    ...tables.flatMap((table) => entry("Table", table.accessor, table.explicitName)),
    ...tables.flatMap((table) =>
      table.indexes.flatMap((index) => entry("Index", indexName(table, index), index.explicitName)),
    ),
    ...functions.flatMap((each) => entry("Function", each.name, each.explicitName)),
  ];
}

function rawRoutes(handler: FunctionModel): RawSectionsV10["HttpRoutes"][number][] {
  return handler.routes.map(({ method, path }) => ({
    handler_function: handler.name,
    method: rawMethod(method),
    path,
  }));
}

function rawMethod(method: RouteModel["method"]): RawSectionsV10["HttpRoutes"][number]["method"] {
  if (method === undefined) return plain("Any");
  const tag = (method.charAt(0) + method.slice(1).toLowerCase()) as "Get";
  return { tag: "Method", value: plain(tag) };
}

function rawViewKey({
  name,
  primaryKey,
}: FunctionModel): RawSectionsV10["ViewPrimaryKeys"][number][] {
  return primaryKey === undefined ? [] : [{ view_source_name: name, columns: [primaryKey] }];
}
