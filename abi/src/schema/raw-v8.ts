// RawModuleDefV8, which modules of before 1.0 write: SATS types, and the values that the generic codec makes of them
// (module-def.md 5.2).
import type { RawType } from "../sats/algebraic-type.ts";
import { array, option, product, type ProductType, sum } from "../sats/type.ts";
import {
  algebraicTypeRef,
  boolType,
  columnsType,
  paramsType,
  type Plain,
  plainSum,
  type RawParams,
  type RawTypespace,
  stringType,
  typespaceType,
  u16Type,
  u32Type,
} from "./raw-shared.ts";

type RawIndexV8 = {
  readonly index_name: string;
  readonly is_unique: boolean;
  readonly index_type: Plain<"BTree" | "Hash">;
  readonly columns: readonly number[];
};

type RawConstraintV8 = {
  readonly constraint_name: string;
  /** Bits; see `constraintBit` in v8.ts. */
  readonly constraints: number;
  readonly columns: readonly number[];
};

type RawSequenceV8 = {
  readonly sequence_name: string;
  readonly col_pos: number;
  readonly increment: bigint;
  readonly start: bigint | undefined;
  readonly min_value: bigint | undefined;
  readonly max_value: bigint | undefined;
  readonly allocated: bigint;
};

export type RawTableSchemaV8 = {
  readonly table_name: string;
  readonly columns: readonly { readonly col_name: string; readonly col_type: RawType }[];
  readonly indexes: readonly RawIndexV8[];
  readonly constraints: readonly RawConstraintV8[];
  readonly sequences: readonly RawSequenceV8[];
  readonly table_type: string;
  readonly table_access: string;
  readonly scheduled: string | undefined;
};

export type RawTableV8 = { readonly schema: RawTableSchemaV8; readonly data: number };

export type RawReducerV8 = { readonly name: string; readonly args: RawParams };

type RawTypeAliasV8 = { readonly name: string; readonly ty: number };

export type RawModuleDefV8 = {
  readonly typespace: RawTypespace;
  readonly tables: readonly RawTableV8[];
  readonly reducers: readonly RawReducerV8[];
  readonly misc_exports: readonly { readonly tag: "TypeAlias"; readonly value: RawTypeAliasV8 }[];
};

const optionalNumber = option({ kind: "i128" });

const tableSchemaType = product({
  table_name: stringType,
  columns: array(product({ col_name: stringType, col_type: algebraicTypeRef })),
  indexes: array(
    product({
      index_name: stringType,
      is_unique: boolType,
      index_type: plainSum("BTree", "Hash"),
      columns: columnsType,
    }),
  ),
  constraints: array(
    product({ constraint_name: stringType, constraints: { kind: "u8" }, columns: columnsType }),
  ),
  sequences: array(
    product({
      sequence_name: stringType,
      col_pos: u16Type,
      increment: { kind: "i128" },
      start: optionalNumber,
      min_value: optionalNumber,
      max_value: optionalNumber,
      allocated: { kind: "i128" },
    }),
  ),
  table_type: stringType,
  table_access: stringType,
  scheduled: option(stringType),
});

/** The type of RawModuleDefV8 in the typespace of raw definitions. */
export const moduleDefV8Type: ProductType = product({
  typespace: typespaceType,
  tables: array(product({ schema: tableSchemaType, data: u32Type })),
  reducers: array(product({ name: stringType, args: paramsType })),
  misc_exports: array(sum({ TypeAlias: product({ name: stringType, ty: u32Type }) })),
});
