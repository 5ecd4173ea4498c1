// A module's definition after decoding and checking: one typed schema, whichever version the module
// wrote. Reference: module-def.md sections 5 to 8. Names are canonical unless a field says
// "source".
import type { AlgebraicType, ProductType, Typespace } from "../sats/type.ts";

export type Access = "public" | "private";
export type Lifecycle = "init" | "onConnect" | "onDisconnect";

export interface ColumnDef {
  readonly name: string;
  readonly sourceName: string;
  readonly type: AlgebraicType;
  /**
   * BSATN of the value that old rows get when the column is added; undefined where there is none.
   */
  readonly defaultValue: Uint8Array | undefined;
}

export interface IndexAlgorithm {
  readonly kind: "btree" | "hash" | "direct";
  /** Column positions in key order; a direct index has exactly one. */
  readonly columns: readonly number[];
}

export interface IndexDef {
  readonly name: string;
  /** The name the module looks it up by; equal to `name` in V9. */
  readonly sourceName: string;
  readonly accessorName: string | undefined;
  readonly algorithm: IndexAlgorithm;
}

export interface ConstraintDef {
  readonly name: string;
  /** Columns whose values together are unique. */
  readonly columns: readonly number[];
}

export interface SequenceDef {
  readonly name: string;
  readonly column: number;
  readonly start: bigint | undefined;
  readonly min: bigint | undefined;
  readonly max: bigint | undefined;
  readonly increment: bigint;
}

export interface ScheduleDef {
  readonly name: string;
  readonly atColumn: number;
  /** Canonical name of the reducer or procedure. */
  readonly functionName: string;
}

export interface TableDef {
  readonly name: string;
  readonly sourceName: string;
  /** Position of the row type in the typespace. */
  readonly productTypeRef: number;
  readonly columns: readonly ColumnDef[];
  readonly primaryKey: number | undefined;
  readonly indexes: readonly IndexDef[];
  readonly constraints: readonly ConstraintDef[];
  readonly sequences: readonly SequenceDef[];
  readonly schedule: ScheduleDef | undefined;
  readonly access: Access;
  readonly isEvent: boolean;
}

export interface ReducerDef {
  /** Position in the module's own list: what `__call_reducer__` gets (abi.md 7.6). */
  readonly id: number;
  readonly name: string;
  readonly sourceName: string;
  readonly params: ProductType;
  readonly lifecycle: Lifecycle | undefined;
  /** Callable by the owner and the host alone. */
  readonly isPrivate: boolean;
}

export interface ProcedureDef {
  readonly id: number;
  readonly name: string;
  readonly sourceName: string;
  readonly params: ProductType;
  readonly returnType: AlgebraicType;
  readonly isPrivate: boolean;
}

export interface ViewDef {
  readonly index: number;
  readonly name: string;
  readonly sourceName: string;
  readonly isPublic: boolean;
  readonly isAnonymous: boolean;
  readonly params: ProductType;
  readonly returnType: AlgebraicType;
  /** Position of the primary key column in the returned row, if one is declared. */
  readonly primaryKey: number | undefined;
}

export interface TypeDef {
  readonly scope: readonly string[];
  readonly name: string;
  readonly ref: number;
}

export interface HttpRouteDef {
  readonly handler: string;
  /** A method name in capitals, or undefined for any. */
  readonly method: string | undefined;
  readonly path: string;
}

export interface ModuleDef {
  readonly version: 9 | 10;
  /** Canonical field and variant names. */
  readonly typespace: Typespace;
  readonly types: readonly TypeDef[];
  readonly tables: readonly TableDef[];
  readonly reducers: readonly ReducerDef[];
  readonly procedures: readonly ProcedureDef[];
  readonly views: readonly ViewDef[];
  readonly rowLevelSecurity: readonly string[];
  readonly httpHandlers: readonly string[];
  readonly httpRoutes: readonly HttpRouteDef[];
}
