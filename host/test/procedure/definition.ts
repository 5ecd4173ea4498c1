// Module definitions of version 10 as bytes, with procedures and HTTP routes, for guests that tests write by hand
// (module-def.md section 5.4).
import {
  type AlgebraicType,
  array,
  compileCodec,
  encode,
  product,
  productTypeToRaw,
  productTypeType,
  ref,
  sum,
  typeToRaw,
  typeTypes,
  unitType,
  type Value,
  Writer,
} from "@lightcone/abi";

const text: AlgebraicType = { kind: "string" };
const u16: AlgebraicType = { kind: "u16" };
const u32: AlgebraicType = { kind: "u32" };
const typeRef: AlgebraicType = ref(0);
const visibility = sum({ Private: unitType, ClientCallable: unitType });
const method = sum({
  Get: unitType,
  Head: unitType,
  Post: unitType,
  Put: unitType,
  Delete: unitType,
  Connect: unitType,
  Options: unitType,
});

const table = product({
  source_name: text,
  product_type_ref: u32,
  primary_key: array(u16),
  indexes: array(unitType),
  constraints: array(unitType),
  sequences: array(unitType),
  table_type: sum({ System: unitType, User: unitType }),
  table_access: sum({ Public: unitType, Private: unitType }),
  default_values: array(unitType),
  is_event: { kind: "bool" },
});

const section = sum({
  Typespace: product({ types: array(typeRef) }),
  Types: unitType,
  Tables: array(table),
  Reducers: array(
    product({
      source_name: text,
      params: productTypeType,
      visibility,
      ok_return_type: typeRef,
      err_return_type: typeRef,
    }),
  ),
  Procedures: array(
    product({ source_name: text, params: productTypeType, return_type: typeRef, visibility }),
  ),
  Views: array(
    product({
      source_name: text,
      index: u32,
      is_public: { kind: "bool" },
      is_anonymous: { kind: "bool" },
      params: productTypeType,
      return_type: typeRef,
    }),
  ),
  Schedules: unitType,
  LifeCycleReducers: array(
    product({
      lifecycle_spec: sum({ Init: unitType, OnConnect: unitType, OnDisconnect: unitType }),
      function_name: text,
    }),
  ),
  RowLevelSecurity: unitType,
  CaseConversionPolicy: unitType,
  ExplicitNames: unitType,
  HttpHandlers: array(product({ source_name: text })),
  HttpRoutes: array(
    product({ handler_function: text, method: sum({ Any: unitType, Method: method }), path: text }),
  ),
});

const codec = compileCodec(product({ sections: array(section) }), typeTypes);
const v10Tag = 2;
const submodulesTag = 14;

type Params = Readonly<Record<string, AlgebraicType>>;

export interface ProcedureModule {
  /** Public tables without keys, by name. */
  readonly tables?: Readonly<Record<string, Params>>;
  readonly reducers?: readonly {
    readonly name: string;
    readonly params?: Params;
    readonly lifecycle?: "OnConnect" | "OnDisconnect";
  }[];
  readonly procedures?: readonly {
    readonly name: string;
    readonly params?: Params;
    readonly returns?: AlgebraicType;
    readonly isPrivate?: boolean;
  }[];
  readonly handlers?: readonly string[];
  /** Handler, method or undefined for any, path. */
  readonly routes?: readonly (readonly [string, string | undefined, string])[];
  /** Public and anonymous, in the order of their ids; the type refers to row types of tables by their positions. */
  readonly views?: readonly { readonly name: string; readonly returns: AlgebraicType }[];
  /** Modules in this one, by namespace. */
  readonly submodules?: Readonly<Record<string, ProcedureModule>>;
}

const plain = (tag: string): Value => ({ tag, value: undefined });

/** What `__describe_module__` of a guest writes. */
export function encodeProcedureModule(module: ProcedureModule): Uint8Array {
  return Uint8Array.of(v10Tag, ...encodeSections(module));
}

/** The section of submodules is appended by hand: its type would have to refer to itself. */
function encodeSections(module: ProcedureModule): Uint8Array {
  const submodules = Object.entries(module.submodules ?? {});
  const bytes = encode(codec, { sections: plainSections(module) });
  if (submodules.length === 0) return bytes;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, plainSections(module).length + 1, true);
  const writer = new Writer();
  writer.raw(bytes);
  writer.u8(submodulesTag);
  writer.u32(submodules.length);
  for (const [namespace, inner] of submodules) {
    writer.string(namespace);
    writer.raw(encodeSections(inner));
  }
  return writer.finish();
}

function plainSections(module: ProcedureModule): Value[] {
  const { tables = {}, reducers = [], procedures = [], handlers = [], routes = [] } = module;
  const unit = typeToRaw(unitType);
  return [
    {
      tag: "Typespace",
      value: { types: Object.values(tables).map((columns) => typeToRaw(product(columns))) },
    },
    {
      tag: "Tables",
      value: Object.keys(tables).map((source_name, i) => ({
        source_name,
        product_type_ref: i,
        primary_key: [],
        indexes: [],
        constraints: [],
        sequences: [],
        table_type: plain("User"),
        table_access: plain("Public"),
        default_values: [],
        is_event: false,
      })),
    },
    {
      tag: "Reducers",
      value: reducers.map(({ name, params = {} }) => ({
        source_name: name,
        params: productTypeToRaw(product(params)),
        visibility: plain("ClientCallable"),
        ok_return_type: unit,
        err_return_type: typeToRaw(text),
      })),
    },
    {
      tag: "Procedures",
      value: procedures.map(({ name, params = {}, returns = unitType, isPrivate = false }) => ({
        source_name: name,
        params: productTypeToRaw(product(params)),
        return_type: typeToRaw(returns),
        visibility: plain(isPrivate ? "Private" : "ClientCallable"),
      })),
    },
    {
      tag: "Views",
      value: (module.views ?? []).map(({ name, returns }, index) => ({
        source_name: name,
        index,
        is_public: true,
        is_anonymous: true,
        params: productTypeToRaw(product({})),
        return_type: typeToRaw(returns),
      })),
    },
    {
      tag: "LifeCycleReducers",
      value: reducers
        .filter(({ lifecycle }) => lifecycle !== undefined)
        .map(({ name, lifecycle }) => ({
          lifecycle_spec: plain(lifecycle as string),
          function_name: name,
        })),
    },
    { tag: "HttpHandlers", value: handlers.map((source_name) => ({ source_name })) },
    {
      tag: "HttpRoutes",
      value: routes.map(([handler_function, name, path]) => ({
        handler_function,
        method: name === undefined ? plain("Any") : { tag: "Method", value: plain(name) },
        path,
      })),
    },
  ];
}
