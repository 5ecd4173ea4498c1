// What a query's text says of the rows it selects, for the compiler alone: nothing of this exists at run time.
import type { ProductValue } from "@lightcone/abi";

/** All blanks as spaces. */
type Spaced<Text extends string> = Text extends `${infer Head}${"\n" | "\t"}${infer Tail}`
  ? Spaced<`${Head} ${Tail}`>
  : Text;

type TrimStart<Text extends string> = Text extends ` ${infer Rest}` ? TrimStart<Rest> : Text;

type Before<Text extends string, Mark extends string> = Text extends `${infer Head}${Mark}${string}`
  ? Head
  : Text;

type Unquoted<Word extends string> = Word extends `"${infer Name}"` ? Name : Word;

/** The table in `SELECT * FROM table …`, the keywords in any case; otherwise `never`. */
type SelectedTable<Sql extends string> =
  TrimStart<Spaced<Sql>> extends `${infer Select} * ${infer From} ${infer Rest}`
    ? [Lowercase<Select>, Lowercase<From>] extends ["select", "from"]
      ? Unquoted<Before<Before<TrimStart<Rest>, " ">, ";">>
      : never
    : never;

/** The row type of the query, where its text is known to the compiler and names a table of `Rows`; else any row. */
export type SqlRow<Rows extends object, Sql extends string> =
  SelectedTable<Sql> extends infer Name
    ? [Name] extends [never]
      ? ProductValue
      : Name extends keyof Rows
        ? Rows[Name]
        : ProductValue
    : never;
