// Parts of a raw module definition that V9 and V10 share: the SATS types of their structs, and what
// the generic codec makes of them. Field and variant names are those of the format, since /schema
// shows them (module-def.md section 5).
import {
  productTypeType,
  type RawProductType,
  type RawType,
  typeType,
} from "../sats/algebraic-type.ts";
import {
  type AlgebraicType,
  array,
  bytesType,
  option,
  product,
  type ProductType,
  ref,
  sum,
  type SumType,
  type Typespace,
  unitType,
} from "../sats/type.ts";

/** A sum type whose variants have no payload. */
export function plainSum(...variants: readonly string[]): SumType {
  return sum(Object.fromEntries(variants.map((variant) => [variant, unitType])));
}

/** A value of such a type. */
export type Plain<Tag extends string> = { readonly tag: Tag; readonly value: undefined };

export function plain<Tag extends string>(tag: Tag): Plain<Tag> {
  return { tag, value: undefined };
}

export const u16Type: AlgebraicType = { kind: "u16" };
export const u32Type: AlgebraicType = { kind: "u32" };
export const boolType: AlgebraicType = { kind: "bool" };
export const stringType: AlgebraicType = { kind: "string" };
export const optionalString: SumType = option(stringType);
export const columnsType: AlgebraicType = array(u16Type);

/** References of raw definitions into `rawTypes`. */
export const algebraicTypeRef: AlgebraicType = ref(0);
export const moduleDefV10Ref: AlgebraicType = ref(1);

/** The typespace of raw definitions, given the one struct of theirs that contains itself. */
export function rawTypesWith(moduleDefV10: AlgebraicType): Typespace {
  return [typeType, moduleDefV10];
}

export const typespaceType: ProductType = product({ types: array(algebraicTypeRef) });
export type RawTypespace = { readonly types: readonly RawType[] };

export const paramsType: ProductType = productTypeType;
export type RawParams = RawProductType;

export const tableTypeType: SumType = plainSum("System", "User");
export type RawTableType = Plain<"System" | "User">;

export const tableAccessType: SumType = plainSum("Public", "Private");
export type RawTableAccess = Plain<"Public" | "Private">;

export const indexAlgorithmType: SumType = sum({
  BTree: columnsType,
  Hash: columnsType,
  Direct: u16Type,
});
export type RawIndexAlgorithm =
  | { readonly tag: "BTree" | "Hash"; readonly value: readonly number[] }
  | { readonly tag: "Direct"; readonly value: number };

export const constraintDataType: SumType = sum({ Unique: product({ columns: columnsType }) });
export type RawConstraintData = {
  readonly tag: "Unique";
  readonly value: { readonly columns: readonly number[] };
};

export const lifecycleType: SumType = plainSum("Init", "OnConnect", "OnDisconnect");
export type RawLifecycle = Plain<"Init" | "OnConnect" | "OnDisconnect">;

export const rowLevelSecurityType: ProductType = product({ sql: stringType });
export type RawRowLevelSecurity = { readonly sql: string };

/** A sequence; what it is called is named differently in V9 and V10. */
export function sequenceType(nameField: string): ProductType {
  const optionalNumber = option({ kind: "i128" });
  return product({
    [nameField]: optionalString,
    column: u16Type,
    start: optionalNumber,
    min_value: optionalNumber,
    max_value: optionalNumber,
    increment: { kind: "i128" },
  });
}
export type RawSequence = {
  readonly column: number;
  readonly start: bigint | undefined;
  readonly min_value: bigint | undefined;
  readonly max_value: bigint | undefined;
  readonly increment: bigint;
};

/** An exported type; the fields of its name are named differently in V9 and V10. */
export function exportedType(nameField: string, innerNameField: string): ProductType {
  return product({
    [nameField]: product({ scope: array(stringType), [innerNameField]: stringType }),
    ty: u32Type,
    custom_ordering: boolType,
  });
}
export type RawExportedType = { readonly ty: number; readonly custom_ordering: boolean };

/** A view; what it is called is named differently in V9 and V10. */
export function viewType(nameField: string): ProductType {
  return product({
    [nameField]: stringType,
    index: u32Type,
    is_public: boolType,
    is_anonymous: boolType,
    params: paramsType,
    return_type: algebraicTypeRef,
  });
}
export type RawView = {
  readonly index: number;
  readonly is_public: boolean;
  readonly is_anonymous: boolean;
  readonly params: RawParams;
  readonly return_type: RawType;
};

export const defaultValueType: AlgebraicType = bytesType;
