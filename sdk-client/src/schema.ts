// What generated code says of a module: names, types and keys. The client knows nothing else of the tables it mirrors.
import type { ProductType, RefType, Typespace } from "@lightcone/abi";

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
}

export interface ReducerSchema {
  /** As on the server. */
  readonly name: string;
  /** Fields have the names that arguments have here. */
  readonly params: ProductType;
}

/** The static side of a module: what generated code declares and no program ever holds as a value. */
export interface ModuleTypes {
  /** Table handles by accessor: the type of `connection.db`. */
  readonly tables: object;
  /** Methods by accessor: the type of `connection.reducers`. */
  readonly reducers: object;
  /** Row types by the name of the table in SQL. */
  readonly rows: object;
}

export interface ModuleSchema<M extends ModuleTypes = ModuleTypes> {
  readonly types: Typespace;
  readonly tables: Readonly<Record<keyof M["tables"], TableSchema>>;
  readonly reducers: Readonly<Record<keyof M["reducers"], ReducerSchema>>;
}
