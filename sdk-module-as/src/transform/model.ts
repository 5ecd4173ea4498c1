// What a module consists of, as far as its definition and the generated code are concerned.
import type { PrimitiveKind } from "@lightcone/abi";
import type {
  ClassDeclaration,
  EnumDeclaration,
  FunctionDeclaration,
  Range,
  Source,
} from "../compiler.ts";

/** Classes of the library whose values columns and parameters can have. */
export const leafNames = [
  "Identity",
  "ConnectionId",
  "Timestamp",
  "TimeDuration",
  "ScheduleAt",
  "Uuid",
  "I128",
  "U128",
  "I256",
  "U256",
] as const;

export type LeafName = (typeof leafNames)[number];

/** A type as it is written in a module. */
export type TypeModel =
  | { readonly kind: "primitive"; readonly primitive: PrimitiveKind }
  | { readonly kind: "leaf"; readonly name: LeafName }
  | { readonly kind: "unit" }
  | { readonly kind: "bytes" }
  | { readonly kind: "array"; readonly element: TypeModel }
  /** `boxed` is `Option<T>`, else it is `T | null`. */
  | { readonly kind: "option"; readonly some: TypeModel; readonly boxed: boolean }
  | { readonly kind: "result"; readonly ok: TypeModel; readonly err: TypeModel }
  | { readonly kind: "named"; readonly type: NamedType }
  /** What a view returns that answers with a query. */
  | { readonly kind: "query"; readonly row: NamedType };

export interface Field {
  readonly name: string;
  readonly type: TypeModel;
  readonly range: Range;
}

/** A class or an enum of the module's that has a place in its typespace. */
export interface NamedType {
  readonly kind: "product" | "sum" | "enum";
  readonly name: string;
  readonly source: Source;
  readonly declaration: ClassDeclaration | EnumDeclaration;
  /** Position in the typespace, once it is known which types are used. */
  ref: number;
  /** Fields of a product, variants of a sum; those of an enum are units. */
  fields: readonly Field[];
  /** Whether it is a table's rows and nothing else was said of it. */
  readonly isTable: boolean;
}

export type IndexKind = "btree" | "hash" | "direct";

export interface IndexModel {
  readonly kind: IndexKind;
  readonly columns: readonly number[];
  readonly accessor: string;
  /** The canonical name, where one was given. */
  readonly explicitName: string | undefined;
  readonly range: Range;
}

export interface TableModel {
  readonly type: NamedType;
  readonly range: Range;
  readonly accessor: string;
  /** The canonical name, where one was given. */
  readonly explicitName: string | undefined;
  readonly access: "public" | "private";
  readonly isEvent: boolean;
  readonly primaryKey: number | undefined;
  /** Sets of columns whose values are unique together. */
  readonly uniques: readonly (readonly number[])[];
  readonly indexes: readonly IndexModel[];
  readonly autoInc: readonly number[];
  /** BSATN of the default values by column. */
  readonly defaults: ReadonlyMap<number, Uint8Array>;
  readonly schedule: ScheduleModel | undefined;
}

export interface ScheduleModel {
  readonly functionName: string;
  readonly atColumn: number;
  readonly range: Range;
}

export type FunctionKind = "reducer" | "view" | "procedure" | "httpHandler";
export type LifecycleName = "init" | "clientConnected" | "clientDisconnected";

export interface Parameter {
  readonly name: string;
  readonly type: TypeModel;
}

export interface FunctionModel {
  readonly kind: FunctionKind;
  /** The name in the source, which is the one clients know before conversion of case. */
  readonly name: string;
  readonly explicitName: string | undefined;
  readonly source: Source;
  readonly declaration: FunctionDeclaration;
  readonly range: Range;
  readonly lifecycle: LifecycleName | undefined;
  /** The parameters behind the context. */
  readonly params: readonly Parameter[];
  /** `unit` for void. */
  readonly returns: TypeModel;
  /** A reducer that returns a ReducerResult. */
  readonly canFail: boolean;
  /** A view that does not know who asks. */
  readonly isAnonymous: boolean;
  readonly primaryKey: string | undefined;
  readonly routes: readonly RouteModel[];
}

export interface RouteModel {
  /** In capitals; undefined is any. */
  readonly method: string | undefined;
  readonly path: string;
}

export interface ModuleModel {
  readonly types: readonly NamedType[];
  readonly tables: readonly TableModel[];
  readonly functions: readonly FunctionModel[];
  readonly rowFilters: readonly string[];
}

/** A text that is equal for equal types, and part of the names of generated functions. */
export function typeKey(type: TypeModel): string {
  switch (type.kind) {
    case "primitive":
      return type.primitive;
    case "leaf":
      return type.name;
    case "unit":
    case "bytes":
      return type.kind;
    case "array":
      return `Array_${typeKey(type.element)}`;
    case "option":
      return `${type.boxed ? "Option" : "Nullable"}_${typeKey(type.some)}`;
    case "result":
      return `Result_${typeKey(type.ok)}_${typeKey(type.err)}`;
    case "named":
      return `$${type.type.name}`;
    case "query":
      return `Query_$${type.row.name}`;
  }
}
