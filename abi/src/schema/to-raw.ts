// Parts of a checked definition as raw values, the same in V9 and V10.
import { productTypeToRaw, typeToRaw } from "../sats/algebraic-type.ts";
import type { Typespace } from "../sats/type.ts";
import type { Access, IndexAlgorithm, Lifecycle, SequenceDef, ViewDef } from "./def.ts";
import type {
  RawConstraintData,
  RawIndexAlgorithm,
  RawLifecycle,
  RawSequence,
  RawTableAccess,
  RawTypespace,
  RawView,
} from "./raw-shared.ts";

const accesses: Readonly<Record<Access, RawTableAccess["tag"]>> = {
  public: "Public",
  private: "Private",
};

const lifecycleTags: Readonly<Record<Lifecycle, RawLifecycle["tag"]>> = {
  init: "Init",
  onConnect: "OnConnect",
  onDisconnect: "OnDisconnect",
};

export function rawTypespace(types: Typespace): RawTypespace {
  return { types: types.map(typeToRaw) };
}

export function rawAccess(access: Access): RawTableAccess {
  return { tag: accesses[access], value: undefined };
}

export function rawLifecycle(lifecycle: Lifecycle): RawLifecycle {
  return { tag: lifecycleTags[lifecycle], value: undefined };
}

export function rawAlgorithm({ kind, columns }: IndexAlgorithm): RawIndexAlgorithm {
  if (kind === "direct") return { tag: "Direct", value: columns[0] as number };
  return { tag: kind === "btree" ? "BTree" : "Hash", value: columns };
}

export function rawUnique(columns: readonly number[]): RawConstraintData {
  return { tag: "Unique", value: { columns } };
}

export function rawPrimaryKey(primaryKey: number | undefined): readonly number[] {
  return primaryKey === undefined ? [] : [primaryKey];
}

export function rawSequence({ column, start, min, max, increment }: SequenceDef): RawSequence {
  return { column, start, min_value: min, max_value: max, increment };
}

export function rawView({ index, isPublic, isAnonymous, params, returnType }: ViewDef): RawView {
  return {
    index,
    is_public: isPublic,
    is_anonymous: isAnonymous,
    params: productTypeToRaw(params),
    return_type: typeToRaw(returnType),
  };
}
