// Wrong uses of the decorators, and how the message for each begins.

export interface Wrong {
  /** The declarations, of which `§` marks where the message points to. */
  readonly source: string;
  /** The beginning of the message. */
  readonly message: string;
}

const ctx = "ctx: ReducerContext";

function wrong(source: string, message: string): Wrong {
  return { source, message };
}

const typeFaults: readonly Wrong[] = [
  wrong(
    "@table class A1 { @primaryKey id: u64; age: §u32 | null; }",
    "'u32 | null' is not possible: only references can be null in AssemblyScript. Write Option<u32>.",
  ),
  wrong(
    "@table class A2 { id: §usize; }",
    "Type 'usize' cannot be stored. Write u32 or u64, whose size does not depend on the machine.",
  ),
  wrong(
    "class Loose {} @table class A3 { id: u64; part: §Loose; }",
    "Type 'Loose' is a class without @struct, @sum or @table. Put @struct before class Loose",
  ),
  wrong(
    "@table class A4 { id: u64; map: §Map<string, u32>; }",
    "Type 'Map<string, u32>' cannot be stored. Use an array of a @struct class",
  ),
  wrong("@table class A5 { id: §Nothing; }", "Type 'Nothing' is not known. Use a number,"),
  wrong(
    "@table class A7 { id: u64; f: §(x: u32) => void; }",
    "Type '(x: u32) => void' is no type that can be stored.",
  ),
  wrong(
    "@table class A8 { id: u64; q: §Query<A8>; }",
    "A query cannot be stored. Return it from a view.",
  ),
  wrong(
    "@table class A9 { id: u64; §self: A9[]; }",
    "Column 'self' has a type that contains itself: A9. Keep the parts in rows of their own",
  ),
  wrong(
    "enum Bad { One, Two = §5 } @table class A10 { id: u64; bad: Bad; }",
    "Variant 'Two' has the number 5 at position 1. Leave the number out",
  ),
  wrong(
    "@sum class §NoVariant {} @table class A11 { id: u64; none: NoVariant; }",
    "@sum class 'NoVariant' has no variants. Give it a field for each",
  ),
  wrong(
    "@sum class A12 { §tag: u32; }",
    "Variant 'tag' has the name of a member of every @sum. Rename it.",
  ),
];

const classFaults: readonly Wrong[] = [
  wrong(
    "@table class B1 { id: u64; §constructor() {} }",
    "Class 'B1' has a constructor. Remove it: values are written as object literals",
  ),
  wrong(
    "@table class B2 extends §B1 { id: u64; }",
    "Class 'B2' extends another. List all fields in the class itself.",
  ),
  wrong(
    "@struct class §B3<T> { x: u32; }",
    "Class 'B3' has type parameters. Declare one class per type.",
  ),
  wrong(
    "@table class B4 { readonly §id: u64; }",
    "Field 'id' is readonly. Remove readonly: the library fills the field",
  ),
  wrong(
    "@table class B5 { private §id: u64; }",
    "Field 'id' is not public. Remove the modifier; who may see rows is said by access",
  ),
  wrong("@table class §B6 {}", "Table 'B6' has no columns. Give it a field."),
  wrong(
    "@table @sum class §B7 { id: u64; }",
    "Class 'B7' cannot be @sum and @table. Keep one: a @sum has one of its fields",
  ),
  wrong(
    '@table({ access: §"secret" }) class B8 { id: u64; }',
    'Access \'secret\' is unknown. Write "public" or "private".',
  ),
  wrong(
    '@table({ §acces: "public" }) class B9 { id: u64; }',
    "@table has no option 'acces'. Options are: accessor, name, access, event, scheduled, at.",
  ),
  wrong(
    '@§table("users") class B10 { id: u64; }',
    "@table takes one object with options. Write @table({ accessor: … }).",
  ),
  wrong(
    "@table({ event: §1 }) class B11 { id: u64; }",
    "Option 'event' of @table is true or false.",
  ),
  wrong(
    '@table({ accessor: "twin" }) class B12 { id: u64; } @table({ accessor: "twin" }) class §B13 { id: u64; }',
    "Two tables have the accessor 'twin'. Give one another",
  ),
];

const columnFaults: readonly Wrong[] = [
  wrong(
    "@table class C1 { @primaryKey id: u64; @§primaryKey name: string; }",
    "Table 'C1' has two primary keys. Keep one, and write @unique before the other.",
  ),
  wrong(
    "@table class C2 { @§primaryKey id: f64; }",
    "Column 'id' cannot be a primary key: values of its type are not looked up. Keys are",
  ),
  wrong(
    "@table class C3 { @§autoInc id: string; }",
    "Column 'id' of @autoInc is no integer. Give it an integer type",
  ),
  wrong(
    '@table @index({ accessor: "byBoth", columns: §["id", "nme"] }) class C4 { id: u64; name: string; }',
    "Table 'C4' has no column 'nme'. Columns are: id, name.",
  ),
  wrong(
    '@table @§index({ columns: ["id"] }) class C5 { id: u64; }',
    "An index of a table has no accessor. Name it",
  ),
  wrong(
    '@table class C6 { @index({ kind: §"tree" }) id: u64; }',
    'Index kind \'tree\' is unknown. Write "btree", "hash" or "direct".',
  ),
  wrong(
    '@table class C7 { @§index({ kind: "direct" }) id: string; }',
    "Column 'id' cannot have a direct index. Direct indexes are for u8, u16, u32, u64 and enums",
  ),
  wrong(
    "@table class C8 { @defaultValue(§-1) id: u64; }",
    "'-1' is no default value for column 'id': it is not between 0 and 18446744073709551615.",
  ),
  wrong(
    '@table class C9 { @defaultValue(§"x") id: u64; }',
    "'\"x\"' is no default value for column 'id': it is no number. Write a literal",
  ),
  wrong(
    '@table @§unique({ columns: ["a", "b"] }) class C10 { a: u64; b: u64; }',
    "Columns that are unique together need an index on the same columns. Add @index",
  ),
  wrong(
    '@table class C11 { @index({ accessor: "x" }) a: u64; @§index({ accessor: "x" }) b: u64; }',
    "Table 'C11' has two indexes called 'x'. Give one of them another accessor.",
  ),
  wrong(
    "@table class C12 { @§primarykey id: u64; }",
    "Decorator @primarykey is unknown. Did you mean @primaryKey?",
  ),
  wrong(
    "@struct class C13 { @§unique id: u64; }",
    "@unique is used in a class that is no table. Put @table before the class",
  ),
  wrong(
    '@table @index({ accessor: "by", columns: §["id", "id"] }) class C14 { id: u64; }',
    "A column is named twice. Name each once.",
  ),
  wrong(
    '@table class C15 { @§index({ accessor: "count" }) id: u64; }',
    "Index accessor 'count' is what every table has already. Name it otherwise",
  ),
];

const functionFaults: readonly Wrong[] = [
  wrong(
    "@reducer export function §d1(): void {}",
    "The first parameter of @reducer 'd1' is no ReducerContext. Write function d1(ctx: ReducerContext",
  ),
  wrong(
    `@reducer export function d2(${ctx}): §u32 { return 1; }`,
    "Reducer 'd2' returns u32. Return void or ReducerResult; a value for the caller",
  ),
  wrong(
    `@reducer export function d3(${ctx}, §x: u32 = 1): void {}`,
    "Parameter 'x' is optional. Callers pass every argument: use Option<T>",
  ),
  wrong(
    `@init export function d4(${ctx}, §x: u32): void {}`,
    "Lifecycle reducer 'd4' has parameters. Keep the context alone",
  ),
  wrong(
    `@clientConnected function d5(${ctx}): void {} @clientConnected function §d6(${ctx}): void {}`,
    "The module has @clientConnected twice: 'd5' and 'd6'. Keep one",
  ),
  wrong(
    "@view export function d7(ctx: ViewContext): §u32 { return 1; }",
    "View 'd7' returns no rows. Return T | null, T[] or Query<T>",
  ),
  wrong(
    "@struct class Row8 { x: u32; } @view export function d8(§ctx: ReducerContext): Row8[] { return []; }",
    "The first parameter of @view 'd8' is no ViewContext or AnonymousViewContext.",
  ),
  wrong(
    "@struct class Row9 { x: u32; } @view export function d9(ctx: ViewContext, §x: u32): Row9[] { return []; }",
    "View 'd9' has parameters. Keep the context alone: nobody passes arguments.",
  ),
  wrong(
    "@procedure @reducer export function §d10(ctx: ProcedureContext): void {}",
    "Function 'd10' is both @procedure and @reducer. Keep one of them",
  ),
  wrong(
    '@httpHandler({ path: §"/Hello" }) export function d11(ctx: HandlerContext, request: HttpRequest): HttpResponse { return new HttpResponse(); }',
    "Path '/Hello' is not possible. Paths start with / and have small letters",
  ),
  wrong(
    '@httpHandler({ path: "/x" }) export function §d12(ctx: HandlerContext): HttpResponse { return new HttpResponse(); }',
    "HTTP handler 'd12' does not take the request. Write (ctx: HandlerContext",
  ),
  wrong(
    "@table({ scheduled: §nobody }) class D13 { @primaryKey @autoInc id: u64; at: ScheduleAt; }",
    "Table 'D13' schedules 'nobody', which is no reducer or procedure. Write @reducer function nobody",
  ),
  wrong(
    `@table({ scheduled: d14 }) class D14 { @primaryKey @autoInc id: u64; at: ScheduleAt; } @reducer function §d14(${ctx}, n: u32): void {}`,
    "'d14' is called by table 'D14' and does not take its row alone. Write its parameters as",
  ),
  wrong(
    `@table({ scheduled: §d15 }) class D15 { @primaryKey id: u64; when: Timestamp; } @reducer function d15(${ctx}, row: D15): void {}`,
    "Scheduled table 'D15' has no column of type ScheduleAt. Add scheduledAt: ScheduleAt",
  ),
  wrong(
    `@table({ scheduled: §d16 }) class D16 { @primaryKey id: u32; at: ScheduleAt; } @reducer function d16(${ctx}, row: D16): void {}`,
    "Scheduled table 'D16' has no primary key of type u64. Add @primaryKey @autoInc",
  ),
  wrong(
    "export function d20(): f64 { return §Math.random(); }",
    "'Math.random' does not exist in a module. Use ctx.random",
  ),
  wrong(
    'export function d21(): void { §console.log("x"); }',
    "'console.log' does not exist in a module. Use log.info",
  ),
  wrong(
    `@reducer export function d22(${ctx}): §ReducerResult | null { return null; }`,
    "Reducer 'd22' returns ReducerResult | null. Return void or ReducerResult",
  ),
  wrong(
    '@table class D23 { @§index({ accessor: "by-id" }) id: u64; }',
    "'by-id' cannot be the accessor of an index. Use letters, digits and _",
  ),
  wrong(
    '@table({ accessor: "a b" }) class §D24 { id: u64; }',
    "'a b' cannot be the accessor of a table. Use letters, digits and _",
  ),
  wrong("@rowFilter const §d17 = 5;", "Row filter 'd17' is no text. Write one text in quotes"),
  wrong(
    "@§reducer class D18 { id: u64; }",
    "@reducer stands before a class. It belongs before a function",
  ),
  wrong(
    `@reducer export function §d19<T>(${ctx}, x: T): void {}`,
    "Function 'd19' has type parameters. Callers cannot choose types",
  ),
];

export const wrongUses: readonly Wrong[] = [
  ...typeFaults,
  ...classFaults,
  ...columnFaults,
  ...functionFaults,
];
