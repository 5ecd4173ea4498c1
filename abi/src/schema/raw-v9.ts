// RawModuleDefV9 as SATS types, and the values that the generic codec makes of them (module-def.md
// 5.3).
import type { RawType } from "../sats/algebraic-type.ts";
import { array, option, product, type ProductType, sum } from "../sats/type.ts";
import {
  algebraicTypeRef,
  columnsType,
  constraintDataType,
  defaultValueType,
  exportedType,
  indexAlgorithmType,
  lifecycleType,
  optionalString,
  paramsType,
  type RawConstraintData,
  type RawExportedType,
  type RawIndexAlgorithm,
  type RawLifecycle,
  type RawParams,
  type RawRowLevelSecurity,
  type RawSequence,
  type RawTableAccess,
  type RawTableType,
  type RawTypespace,
  type RawView,
  rowLevelSecurityType,
  sequenceType,
  stringType,
  tableAccessType,
  tableTypeType,
  typespaceType,
  u16Type,
  u32Type,
  viewType,
} from "./raw-shared.ts";

type RawIndexV9 = {
  readonly name: string | undefined;
  readonly accessor_name: string | undefined;
  readonly algorithm: RawIndexAlgorithm;
};

type RawConstraintV9 = {
  readonly name: string | undefined;
  readonly data: RawConstraintData;
};

type RawSequenceV9 = RawSequence & { readonly name: string | undefined };

type RawScheduleV9 = {
  readonly name: string | undefined;
  readonly reducer_name: string;
  readonly scheduled_at_column: number;
};

export type RawTableV9 = {
  readonly name: string;
  readonly product_type_ref: number;
  readonly primary_key: readonly number[];
  readonly indexes: readonly RawIndexV9[];
  readonly constraints: readonly RawConstraintV9[];
  readonly sequences: readonly RawSequenceV9[];
  readonly schedule: RawScheduleV9 | undefined;
  readonly table_type: RawTableType;
  readonly table_access: RawTableAccess;
};

export type RawReducerV9 = {
  readonly name: string;
  readonly params: RawParams;
  readonly lifecycle: RawLifecycle | undefined;
};

type RawTypeV9 = RawExportedType & {
  readonly name: { readonly scope: readonly string[]; readonly name: string };
};

export type RawDefaultV9 = {
  readonly table: string;
  readonly col_id: number;
  readonly value: Uint8Array;
};

type RawProcedureV9 = {
  readonly name: string;
  readonly params: RawParams;
  readonly return_type: RawType;
};

type RawViewV9 = RawView & { readonly name: string };

export type RawMiscV9 =
  | { readonly tag: "ColumnDefaultValue"; readonly value: RawDefaultV9 }
  | { readonly tag: "Procedure"; readonly value: RawProcedureV9 }
  | { readonly tag: "View"; readonly value: RawViewV9 };

export type RawModuleDefV9 = {
  readonly typespace: RawTypespace;
  readonly tables: readonly RawTableV9[];
  readonly reducers: readonly RawReducerV9[];
  readonly types: readonly RawTypeV9[];
  readonly misc_exports: readonly RawMiscV9[];
  readonly row_level_security: readonly RawRowLevelSecurity[];
};

const tableType = product({
  name: stringType,
  product_type_ref: u32Type,
  primary_key: columnsType,
  indexes: array(
    product({
      name: optionalString,
      accessor_name: optionalString,
      algorithm: indexAlgorithmType,
    }),
  ),
  constraints: array(product({ name: optionalString, data: constraintDataType })),
  sequences: array(sequenceType("name")),
  schedule: option(
    product({ name: optionalString, reducer_name: stringType, scheduled_at_column: u16Type }),
  ),
  table_type: tableTypeType,
  table_access: tableAccessType,
});

const miscType = sum({
  ColumnDefaultValue: product({ table: stringType, col_id: u16Type, value: defaultValueType }),
  Procedure: product({ name: stringType, params: paramsType, return_type: algebraicTypeRef }),
  View: viewType("name"),
});

/** The type of RawModuleDefV9 in the typespace of raw definitions. */
export const moduleDefV9Type: ProductType = product({
  typespace: typespaceType,
  tables: array(tableType),
  reducers: array(
    product({ name: stringType, params: paramsType, lifecycle: option(lifecycleType) }),
  ),
  types: array(exportedType("name", "name")),
  misc_exports: array(miscType),
  row_level_security: array(rowLevelSecurityType),
});
