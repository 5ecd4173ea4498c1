// Rules that concern several parts of a module at once.
import type { Faults } from "./fault.ts";
import type { FunctionModel, ModuleModel, NamedType, TableModel, TypeModel } from "./model.ts";

export function checkModule(model: ModuleModel, faults: Faults): void {
  for (const table of model.tables) checkTable(table, model.functions, faults);
  checkNames(model, faults);
  checkLifecycle(model.functions, faults);
  for (const each of model.functions) checkView(each, model.tables, faults);
}

function checkTable(table: TableModel, functions: readonly FunctionModel[], faults: Faults): void {
  const { type, schedule } = table;
  const seen = new Set<string>();
  for (const { accessor, range } of table.indexes) {
    if (seen.has(accessor)) {
      faults.add(
        range,
        `Table '${type.name}' has two indexes called '${accessor}'`,
        "Give one of them another accessor",
      );
    }
    seen.add(accessor);
    if (!isIdentifierText(accessor)) {
      faults.add(
        range,
        `'${accessor}' cannot be the accessor of an index`,
        "Use letters, digits and _, and a letter first",
      );
    }
    if (["iter", "count", "insert", "tryInsert", "delete", "clear"].includes(accessor)) {
      faults.add(
        range,
        `Index accessor '${accessor}' is what every table has already`,
        'Name it otherwise: @index({ accessor: "…" })',
      );
    }
  }
  checkRecursion(table, faults);
  if (schedule === undefined) return;
  const key = table.primaryKey === undefined ? undefined : type.fields[table.primaryKey];
  if (key?.type.kind !== "primitive" || key.type.primitive !== "u64") {
    faults.add(
      schedule.range,
      `Scheduled table '${type.name}' has no primary key of type u64`,
      "Add @primaryKey @autoInc scheduledId: u64",
    );
  }
  checkSchedule(table, functions, faults);
}

// The host stores rows in a layout of fixed size, which a type within itself has not.
function checkRecursion({ type }: TableModel, faults: Faults): void {
  for (const { name, type: column, range } of type.fields) {
    const cycle = findCycle(column, [type]);
    if (cycle === undefined) continue;
    faults.add(
      range,
      `Column '${name}' has a type that contains itself: ${cycle}`,
      "Keep the parts in rows of their own; arguments and results may have such a type",
    );
  }
}

function findCycle(type: TypeModel, above: readonly NamedType[]): string | undefined {
  switch (type.kind) {
    case "array":
      return findCycle(type.element, above);
    case "option":
      return findCycle(type.some, above);
    case "result":
      return findCycle(type.ok, above) ?? findCycle(type.err, above);
    case "named": {
      if (above.includes(type.type)) return type.type.name;
      const here = [...above, type.type];
      for (const field of type.type.fields) {
        const found = findCycle(field.type, here);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    default:
      return undefined;
  }
}

function checkSchedule(
  { type, schedule }: TableModel,
  functions: readonly FunctionModel[],
  faults: Faults,
): void {
  if (schedule === undefined) return;
  const called = functions.find(({ name }) => name === schedule.functionName);
  if (called === undefined || (called.kind !== "reducer" && called.kind !== "procedure")) {
    faults.add(
      schedule.range,
      `Table '${type.name}' schedules '${schedule.functionName}', which is no reducer or procedure`,
      `Write @reducer function ${schedule.functionName}(ctx: ReducerContext, row: ${type.name}): void`,
    );
    return;
  }
  const [param, ...others] = called.params;
  const isRow = param?.type.kind === "named" && param.type.type === type;
  if (!isRow || others.length > 0) {
    faults.add(
      called.range,
      `'${called.name}' is called by table '${type.name}' and does not take its row alone`,
      `Write its parameters as (ctx, row: ${type.name})`,
    );
  }
}

function isIdentifierText(text: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(text);
}

function checkNames({ tables, functions }: ModuleModel, faults: Faults): void {
  const accessors = new Set<string>();
  for (const { accessor, range } of tables) {
    if (accessors.has(accessor)) {
      faults.add(
        range,
        `Two tables have the accessor '${accessor}'`,
        'Give one another: @table({ accessor: "…" })',
      );
    }
    accessors.add(accessor);
    if (!isIdentifierText(accessor)) {
      faults.add(
        range,
        `'${accessor}' cannot be the accessor of a table`,
        "Use letters, digits and _, and a letter first",
      );
    }
  }
  const names = new Set<string>();
  for (const { name, kind, range } of functions) {
    const key = kind === "httpHandler" ? `handler ${name}` : name;
    if (names.has(key)) {
      faults.add(
        range,
        `Two functions that clients call are named '${name}'`,
        "Rename one of them",
      );
    }
    names.add(key);
  }
}

function checkLifecycle(functions: readonly FunctionModel[], faults: Faults): void {
  const seen = new Map<string, string>();
  for (const { lifecycle, name, range } of functions) {
    if (lifecycle === undefined) continue;
    const first = seen.get(lifecycle);
    if (first !== undefined) {
      faults.add(
        range,
        `The module has @${lifecycle} twice: '${first}' and '${name}'`,
        "Keep one, which may call other functions",
      );
    }
    seen.set(lifecycle, name);
  }
}

function checkView(
  { kind, name, returns, primaryKey, range }: FunctionModel,
  tables: readonly TableModel[],
  faults: Faults,
): void {
  if (kind !== "view") return;
  if (returns.kind === "query" && !tables.some(({ type }) => type === returns.row)) {
    faults.add(
      range,
      `View '${name}' returns a query of '${returns.row.name}', which is no table`,
      "Return rows of a class with @table",
    );
  }
  const row =
    returns.kind === "option"
      ? returns.some
      : returns.kind === "array"
        ? returns.element
        : undefined;
  if (primaryKey === undefined || row?.kind !== "named") return;
  if (!row.type.fields.some((field) => field.name === primaryKey)) {
    faults.add(
      range,
      `View '${name}' has no column '${primaryKey}' to be its primary key`,
      `Columns are: ${row.type.fields.map((field) => field.name).join(", ")}`,
    );
  }
}
