// What generated code says of a module: names, types and keys. The client knows nothing else of the tables it mirrors.
import type { AlgebraicType, ProductType, RefType, Typespace } from "@lightcone/abi";
import type { RowIndexes } from "./row-index.ts";

/** Indexes by name, each a list of fields. */
export type IndexColumns = Readonly<Record<string, readonly string[]>>;

export interface TableSchema {
  /** As on the server and in SQL. */
  readonly name: string;
  /** Fields have the names that rows get here. */
  readonly row: RefType;
  /** The field that tells an update from a delete and an insert. */
  readonly primaryKey: string | undefined;
  /** Fields that are unique together; the primary key is one of them. */
  readonly uniques: readonly (readonly string[])[];
  /** Rows of an event table pass by once and are not kept. */
  readonly isEvent: boolean;
  /** What the columns are called in SQL, where that is not what the fields are called here. */
  readonly columns?: Readonly<Record<string, string>> | undefined;
  /** Made by `rowIndexes`. */
  readonly indexes?: RowIndexes | undefined;
}

export interface ReducerSchema {
  /** As on the server. */
  readonly name: string;
  /** Fields have the names that arguments have here. */
  readonly params: ProductType;
}

export interface ProcedureSchema {
  /** As on the server. */
  readonly name: string;
  /** Fields have the names that arguments have here. */
  readonly params: ProductType;
  readonly returns: AlgebraicType;
}

/** The static side of a module: what generated code declares and no program ever holds as a value. */
export interface ModuleTypes {
  /** Table handles by accessor: the type of `connection.db`. */
  readonly tables: object;
  /** Methods by accessor: the type of `connection.reducers`. */
  readonly reducers: object;
  /** Methods by accessor: the type of `connection.procedures`. */
  readonly procedures?: object;
  /** Row types by the name of the table in SQL. */
  readonly rows: object;
}

/** The methods of `connection.procedures`; none where the bindings are older than procedures. */
export type ProceduresOf<M extends ModuleTypes> = M extends {
  readonly procedures: infer Procedures extends object;
}
  ? Procedures
  : Readonly<Record<never, never>>;

export interface ModuleSchema<M extends ModuleTypes = ModuleTypes> {
  readonly types: Typespace;
  readonly tables: Readonly<Record<keyof M["tables"], TableSchema>>;
  readonly reducers: Readonly<Record<keyof M["reducers"], ReducerSchema>>;
  readonly procedures?: Readonly<Record<keyof ProceduresOf<M>, ProcedureSchema>>;
}
