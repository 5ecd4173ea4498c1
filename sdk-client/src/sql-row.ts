// What a query's text says of the rows it selects, for the compiler alone: nothing of this exists at run time.
import type { ProductValue } from "@lightcone/abi";

type Blank = " " | "\n" | "\t";

type TrimStart<Text extends string> = Text extends `${Blank}${infer Rest}` ? TrimStart<Rest> : Text;

type FirstWord<Text extends string> = Text extends `${infer Word}${Blank | ";"}${string}`
  ? Word
  : Text;

type Unquoted<Word extends string> = Word extends `"${infer Name}"` ? Name : Word;

/** The table in `SELECT * FROM table …`, the names of keywords in any case; otherwise `never`. */
type SelectedTable<Sql extends string> =
  TrimStart<Sql> extends `${infer Select}${Blank}*${Blank}${infer From}${Blank}${infer Rest}`
    ? [Lowercase<Select>, Lowercase<From>] extends ["select", "from"]
      ? Unquoted<FirstWord<TrimStart<Rest>>>
      : never
    : never;

/** The row type of the query, where its text is known to the compiler and names a table of `Rows`; else any row. */
export type SqlRow<Rows extends object, Sql extends string> = [SelectedTable<Sql>] extends [never]
  ? ProductValue
  : SelectedTable<Sql> extends keyof Rows
    ? Rows[SelectedTable<Sql>]
    : ProductValue;
