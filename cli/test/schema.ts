// A module's definition as GET /schema gives it (http-and-auth.md 6.3): one table, an event, two
// reducers, a procedure.

const u32 = { U32: [] };
const u64 = { U64: [] };
const text = { String: [] };
const identity = {
  Product: { elements: [field("__identity__", { U256: [] })] },
};
const timestamp = {
  Product: { elements: [field("__timestamp_micros_since_unix_epoch__", { I64: [] })] },
};
const unit = { Product: { elements: [] } };
const optionalText = { Sum: { variants: [field("some", text), field("none", unit)] } };

function field(name: string, type: unknown): unknown {
  return { name: { some: name }, algebraic_type: type };
}

function row(...elements: unknown[]): unknown {
  return { Product: { elements } };
}

function reducer(name: string, ...elements: unknown[]): unknown {
  return {
    source_name: name,
    params: { elements },
    visibility: { ClientCallable: [] },
    ok_return_type: unit,
    err_return_type: text,
  };
}

function exported(name: string, ty: number): unknown {
  return { source_name: { scope: [], source_name: name }, ty, custom_ordering: true };
}

const messageTable = {
  source_name: "message",
  product_type_ref: 0,
  primary_key: [0],
  indexes: [
    {
      source_name: { some: "message_id_idx_btree" },
      accessor_name: { some: "id" },
      algorithm: { BTree: [0] },
    },
  ],
  constraints: [{ source_name: { some: "message_id_key" }, data: { Unique: { columns: [0] } } }],
  sequences: [
    {
      source_name: { some: "message_id_seq" },
      column: 0,
      start: { none: [] },
      min_value: { none: [] },
      max_value: { none: [] },
      increment: 1,
    },
  ],
  table_type: { User: [] },
  table_access: { Public: [] },
  default_values: [],
  is_event: false,
};

const secretTable = {
  ...messageTable,
  source_name: "secret",
  product_type_ref: 1,
  primary_key: [],
  indexes: [],
  constraints: [],
  sequences: [],
  table_access: { Private: [] },
};

export const schema: unknown = {
  sections: [
    {
      Typespace: {
        types: [
          row(
            field("id", u64),
            field("sender", identity),
            field("sent", timestamp),
            field("text", text),
            field("note", optionalText),
          ),
          row(field("key", u32)),
        ],
      },
    },
    { Types: [exported("Message", 0), exported("Secret", 1)] },
    { Tables: [messageTable, secretTable] },
    {
      Reducers: [
        reducer("send_message", field("text", text)),
        reducer("store", field("value", { Ref: 1 })),
        reducer("hello"),
      ],
    },
    {
      Procedures: [
        {
          source_name: "add",
          params: { elements: [field("a", u64), field("b", u64)] },
          return_type: u64,
          visibility: { ClientCallable: [] },
        },
      ],
    },
    { LifeCycleReducers: [{ lifecycle_spec: { OnConnect: [] }, function_name: "hello" }] },
  ],
};
