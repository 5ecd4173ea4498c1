// What the compiler knows of a module: `DbModule` of the bindings that `lightcone generate` writes fits, and without them any name
// and any value goes. Nothing of this exists at run time.
import type { ProductValue } from "@lightcone/abi";
import type { Fields } from "./field-codec.ts";

/** The part of generated bindings that is used: rows by the names of their tables in SQL, reducers by theirs in TypeScript. */
export interface ModuleTypes {
  readonly rows: object;
  readonly reducers: object;
}

/** A module of which the compiler knows nothing. */
export interface AnyModule {
  readonly rows: Readonly<Record<string, ProductValue>>;
  readonly reducers: Readonly<Record<string, unknown>>;
}

export type TableName<M extends ModuleTypes> = keyof M["rows"] & string;
export type RowOf<M extends ModuleTypes, Name extends TableName<M>> = M["rows"][Name];
export type ReducerName<M extends ModuleTypes> = keyof M["reducers"] & string;

/** What a call takes behind the reducer's name. */
export type CallArguments<
  M extends ModuleTypes,
  Name extends ReducerName<M>,
> = string extends keyof M["reducers"]
  ? [args?: Fields]
  : M["reducers"][Name] extends () => unknown
    ? []
    : M["reducers"][Name] extends (args: infer Args, ...rest: never) => unknown
      ? [args: Args]
      : never;
