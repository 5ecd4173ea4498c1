// What to write instead, where the compiler only says what it does not take: most who meet its messages
// come from TypeScript.

interface Rule {
  /** What the message says, after its code. */
  readonly message: RegExp;
  /** What the line of the module has; the compiler's parser often points beside it. */
  readonly line?: RegExp;
  /** Sentences without the last stop; `$1` is what the message's pattern caught. */
  readonly fix: string;
}

/** What the parser says of syntax that it does not know. */
const syntax = /^(?:TS1003|TS1005|TS1109|TS1110|TS1137): /;

/** The decorators, which are known everywhere. */
const decorators =
  "table|struct|sum|index|unique|primaryKey|autoInc|defaultValue|reducer|init|clientConnected|clientDisconnected|view|procedure|httpHandler|rowFilter";

/** What the library exports that modules of any size use. */
const exported =
  "AnonymousViewContext|ConnectionId|HandlerContext|HttpRequest|HttpResponse|I128|I256|Identity|Option|ProcedureContext|Query|Range|ReducerContext|ReducerResult|Result|ScheduleAt|TimeDuration|Timestamp|U128|U256|Unit|Uuid|ViewContext|err|log|ok|unit";

/** The first that fits counts. */
const rules: readonly Rule[] = [
  {
    message: /^AS100: Not implemented: Closures/,
    fix: "A function within another does not see its variables. Write a loop: `for (let i = 0; i < list.length; i++)`",
  },
  {
    message: /^AS100: Not implemented: Iterators/,
    fix: "There is no for … of. Write `for (let i = 0; i < list.length; i++)`, and for rows `while (rows.next())` with `rows.value`",
  },
  {
    message: /^AS100: Not implemented: Exceptions/,
    fix: "There is no try: what fails ends the call and takes everything back. Ask before, use tryInsert or tryUpdate, which answer a Result, or return err(text)",
  },
  {
    message: /^AS100: Not implemented: union types/,
    fix: "The only union is `T | null`, for texts and classes. Write an enum for one of several names, a @sum class for one of several types, Option<u32> for a number that may be missing",
  },
  {
    message: /^AS219: /,
    fix: "Write `string | null` as the type of a text or class that may be missing, and Option<u32> for a number",
  },
  {
    message: syntax,
    line: /@table\(.*\bpublic\b/,
    fix: 'Write `@table({ access: "public" })`',
  },
  {
    message: syntax,
    line: /\basync\b|\bawait\b/,
    fix: "There is no async and no await: calls of the database answer at once. Leave them out, and Promise; a @procedure may wait, with ctx.sleep and ctx.http",
  },
  {
    message: syntax,
    line: /\.\.\./,
    fix: "There is no `...`. Name every field, or change the row that was found and pass it to update",
  },
  {
    message: syntax,
    line: /\?\.|\?\?/,
    fix: 'There is no `?.` and no `??`. Ask `if (!row) return …` first, or write `row ? row.title : "none"`',
  },
  {
    message: syntax,
    line: /\b(?:const|let|var)\s*[{[]/,
    fix: "There is no destructuring. Write `const sender = ctx.sender`",
  },
  {
    message: /^TS1110: /,
    line: /\)\s*(?:\{|=>)/,
    fix: "A function names the type that it returns: `): void {`",
  },
  {
    message: /^TS1110: /,
    line: /:\s*\{/,
    fix: "An object's type has a name. Write a class with @struct before it, and its name here",
  },
  {
    message: syntax,
    line: /:\s*\[/,
    fix: "There are no tuples. Write a class with @struct before it, and its name here",
  },
  {
    message: /cannot be a primary key|values of its type are not looked up/,
    line: /\bnumber\b/,
    fix: "`number` is f64, a fraction. Write u64 or u32",
  },
  {
    message:
      /^TS2339: Property '(?:insert|tryInsert|update|tryUpdate|delete|clear)' does not exist on type 'lightcone-generated\/tables\/\w+ReadOnly/,
    fix: "A view reads only. Rows are changed in a @reducer",
  },
  {
    message:
      /^TS2339: Property '(\w+)' does not exist on type 'lightcone-generated\/tables\/(?:ReadOnly)?Tables'/,
    fix: "Tables are the classes with @table in the files that the entry imports, with a small first letter",
  },
  {
    message:
      /^TS2339: Property '(\w+)' does not exist on type 'lightcone-generated\/tables\/\w+Table'/,
    fix: "If $1 is a column, look-ups by it need @primaryKey, @unique or @index before it in its table",
  },
  {
    message: new RegExp(
      `^TS2305: Module '~lib/@lightcone/sdk-module-as' has no .* '(${decorators})'`,
    ),
    fix: "@$1 is known without an import. Leave it out here",
  },
  {
    message: new RegExp(`^TS2304: Cannot find name '(${exported})'`),
    fix: 'Write `import { $1 } from "@lightcone/sdk-module-as"`',
  },
  {
    message: /^TS2304: Cannot find name 'fetch'/,
    fix: "A @procedure sends requests, with ctx.http",
  },
  {
    message: /^TS2304: Cannot find name 'set(?:Timeout|Interval)'/,
    fix: "Calls for later are rows of a table with `scheduled`",
  },
  {
    message: /^TS2304: Cannot find name 'JSON'/,
    fix: "Write texts by hand, or columns of a @struct class instead of JSON",
  },
  {
    message: /^TS2322: Type '(?:.*\/)?(\w+) \| null' is not assignable to type '(?:.*\/)?\1'/,
    fix: "It may be null, as where no row was found. Ask `if (!row) return …` first",
  },
  {
    message: /^TS2322: Type '\S+\/RowIter<.*is not assignable to type '\S+\/Array</,
    fix: "Write `.toArray()` after the rows",
  },
  {
    message: /^TS2322: Type '[iuf]\d+' is not assignable to type '~lib\/string\/String'/,
    fix: "Write `.toString()` after the number, or put it into a text: `${…}`",
  },
  {
    message: /^AS200: Conversion from type '\w+' to '(\w+)'/,
    fix: "Write `<$1>` before the value",
  },
  {
    message: /^TS2564: /,
    fix: "Rows are written as object literals: `const row: Task = { … }`, without `new`",
  },
  {
    message: /^TS2339: Property 'toString' does not exist on type '(?:.*\/)?(\w+)'/,
    fix: "A $1 is put into a text somewhere, by `${…}` or join. Put its fields there",
  },
  {
    message: /^TS6054: File '~lib\//,
    fix: "Packages in JavaScript do not run in a module, which imports its own files, this library and packages in AssemblyScript",
  },
  {
    message: /^TS2554: /,
    line: /\bnew Date\(\)/,
    fix: "A module has no clock. Use ctx.timestamp, the time of the call",
  },
];

/** The compiler's message, with a fix at the end of its first line where one is known. */
export function withFix(message: string): string {
  const [first = "", ...shown] = message.split("\n");
  const told = first.replace(/^ERROR /, "");
  // The line of the module is the one with its number before a bar.
  const line = shown.find((each) => /^\s*\d+ │/.test(each)) ?? "";
  for (const rule of rules) {
    const found = rule.message.exec(told);
    if (found === null || rule.line?.test(line) === false) continue;
    const fix = rule.fix.replaceAll("$1", found[1] ?? "");
    return [`${first.replace(/\.$/, "")}. ${fix}.`, ...shown].join("\n");
  }
  return message;
}
