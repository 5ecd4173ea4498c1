// RawModuleDefV10 as SATS types, and the values that the generic codec makes of them (module-def.md
// 5.4).
import type { RawType } from "../sats/algebraic-type.ts";
import { array, product, type ProductType, sum, type SumType, unitType } from "../sats/type.ts";
import {
  algebraicTypeRef,
  boolType,
  columnsType,
  constraintDataType,
  defaultValueType,
  exportedType,
  indexAlgorithmType,
  lifecycleType,
  moduleDefV10Ref,
  optionalString,
  paramsType,
  type Plain,
  plainSum,
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

type RawIndexV10 = {
  readonly source_name: string | undefined;
  readonly accessor_name: string | undefined;
  readonly algorithm: RawIndexAlgorithm;
};

type RawConstraintV10 = {
  readonly source_name: string | undefined;
  readonly data: RawConstraintData;
};

type RawSequenceV10 = RawSequence & { readonly source_name: string | undefined };

type RawDefaultV10 = { readonly col_id: number; readonly value: Uint8Array };

export type RawTableV10 = {
  readonly source_name: string;
  readonly product_type_ref: number;
  readonly primary_key: readonly number[];
  readonly indexes: readonly RawIndexV10[];
  readonly constraints: readonly RawConstraintV10[];
  readonly sequences: readonly RawSequenceV10[];
  readonly table_type: RawTableType;
  readonly table_access: RawTableAccess;
  readonly default_values: readonly RawDefaultV10[];
  readonly is_event: boolean;
};

export type RawVisibility = Plain<"Private" | "ClientCallable">;

export type RawReducerV10 = {
  readonly source_name: string;
  readonly params: RawParams;
  readonly visibility: RawVisibility;
  readonly ok_return_type: RawType;
  readonly err_return_type: RawType;
};

type RawProcedureV10 = {
  readonly source_name: string;
  readonly params: RawParams;
  readonly return_type: RawType;
  readonly visibility: RawVisibility;
};

export type RawViewV10 = RawView & { readonly source_name: string };

export type RawScheduleV10 = {
  readonly source_name: string | undefined;
  readonly table_name: string;
  readonly schedule_at_col: number;
  readonly function_name: string;
};

type RawLifecycleV10 = {
  readonly lifecycle_spec: RawLifecycle;
  readonly function_name: string;
};

type RawTypeV10 = RawExportedType & {
  readonly source_name: { readonly scope: readonly string[]; readonly source_name: string };
};

type RawNameMapping = { readonly source_name: string; readonly canonical_name: string };

export type RawExplicitName = {
  readonly tag: "Table" | "Function" | "Index";
  readonly value: RawNameMapping;
};

export type RawHttpMethod =
  | Plain<"Get" | "Head" | "Post" | "Put" | "Delete" | "Connect" | "Options" | "Trace" | "Patch">
  | { readonly tag: "Extension"; readonly value: string };

export type RawHttpRoute = {
  readonly handler_function: string;
  readonly method: Plain<"Any"> | { readonly tag: "Method"; readonly value: RawHttpMethod };
  readonly path: string;
};

export type RawViewPrimaryKey = {
  readonly view_source_name: string;
  readonly columns: readonly string[];
};

type RawSubmodule = { readonly namespace: string; readonly module: RawModuleDefV10 };

/** Which payload each section has. */
export type RawSectionsV10 = {
  readonly Typespace: RawTypespace;
  readonly Types: readonly RawTypeV10[];
  readonly Tables: readonly RawTableV10[];
  readonly Reducers: readonly RawReducerV10[];
  readonly Procedures: readonly RawProcedureV10[];
  readonly Views: readonly RawViewV10[];
  readonly Schedules: readonly RawScheduleV10[];
  readonly LifeCycleReducers: readonly RawLifecycleV10[];
  readonly RowLevelSecurity: readonly RawRowLevelSecurity[];
  readonly CaseConversionPolicy: Plain<"None" | "SnakeCase">;
  readonly ExplicitNames: { readonly entries: readonly RawExplicitName[] };
  readonly HttpHandlers: readonly { readonly source_name: string }[];
  readonly HttpRoutes: readonly RawHttpRoute[];
  readonly ViewPrimaryKeys: readonly RawViewPrimaryKey[];
  readonly Submodules: readonly RawSubmodule[];
};

export type RawSectionName = keyof RawSectionsV10;

export type RawSectionV10 = {
  [Name in RawSectionName]: { readonly tag: Name; readonly value: RawSectionsV10[Name] };
}[RawSectionName];

export type RawModuleDefV10 = { readonly sections: readonly RawSectionV10[] };

const tableType = product({
  source_name: stringType,
  product_type_ref: u32Type,
  primary_key: columnsType,
  indexes: array(
    product({
      source_name: optionalString,
      accessor_name: optionalString,
      algorithm: indexAlgorithmType,
    }),
  ),
  constraints: array(product({ source_name: optionalString, data: constraintDataType })),
  sequences: array(sequenceType("source_name")),
  table_type: tableTypeType,
  table_access: tableAccessType,
  default_values: array(product({ col_id: u16Type, value: defaultValueType })),
  is_event: boolType,
});

const visibilityType = plainSum("Private", "ClientCallable");

const reducerType = product({
  source_name: stringType,
  params: paramsType,
  visibility: visibilityType,
  ok_return_type: algebraicTypeRef,
  err_return_type: algebraicTypeRef,
});

const procedureType = product({
  source_name: stringType,
  params: paramsType,
  return_type: algebraicTypeRef,
  visibility: visibilityType,
});

const scheduleType = product({
  source_name: optionalString,
  table_name: stringType,
  schedule_at_col: u16Type,
  function_name: stringType,
});

const nameMappingType = product({ source_name: stringType, canonical_name: stringType });

/** The HTTP methods by tag; modules also meet them in requests (abi.md 5.9). */
const httpMethodType: SumType = sum({
  Get: unitType,
  Head: unitType,
  Post: unitType,
  Put: unitType,
  Delete: unitType,
  Connect: unitType,
  Options: unitType,
  Trace: unitType,
  Patch: unitType,
  Extension: stringType,
});

const routeType = product({
  handler_function: stringType,
  method: sum({ Any: unitType, Method: httpMethodType }),
  path: stringType,
});

const sectionType = sum({
  Typespace: typespaceType,
  Types: array(exportedType("source_name", "source_name")),
  Tables: array(tableType),
  Reducers: array(reducerType),
  Procedures: array(procedureType),
  Views: array(viewType("source_name")),
  Schedules: array(scheduleType),
  LifeCycleReducers: array(product({ lifecycle_spec: lifecycleType, function_name: stringType })),
  RowLevelSecurity: array(rowLevelSecurityType),
  CaseConversionPolicy: plainSum("None", "SnakeCase"),
  ExplicitNames: product({
    entries: array(
      sum({ Table: nameMappingType, Function: nameMappingType, Index: nameMappingType }),
    ),
  }),
  HttpHandlers: array(product({ source_name: stringType })),
  HttpRoutes: array(routeType),
  ViewPrimaryKeys: array(product({ view_source_name: stringType, columns: array(stringType) })),
  Submodules: array(product({ namespace: stringType, module: moduleDefV10Ref })),
});

/** The type of RawModuleDefV10 in the typespace of raw definitions. */
export const moduleDefV10Type: ProductType = product({ sections: array(sectionType) });
