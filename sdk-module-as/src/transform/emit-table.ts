// Generated code of the handles of one table: what `ctx.db.message` and its indexes can do. A handle has
// no state and is the null address; the ids that the host gave are globals of the generated file.
import { type CodecEmitter, typeName } from "./emit-codec.ts";
import { indexName } from "./definition.ts";
import type { Field, IndexModel, TableModel } from "./model.ts";

/** The classes and functions of a table. */
export function emitTable(table: TableModel, codec: CodecEmitter): string {
  const { accessor } = table;
  const row = `$${table.type.name}`;
  const parts = [
    idFunction(`${accessor}$table`, `lookUpTable("${accessor}")`),
    ...table.indexes.map((index, i) =>
      idFunction(`${accessor}$index${i}`, `lookUpIndex("${indexName(table, index)}")`),
    ),
    emitGenerated(table, codec),
  ];
  const scan = [
    `/** All rows. */`,
    `iter(): RowIter<${row}> {`,
    `  return new RowIter<${row}>(scanTable(${accessor}$table()), ${codec.reader(table.type)});`,
    `}`,
    `/** How many rows there are. */`,
    `count(): u64 {`,
    `  return countRows(${accessor}$table());`,
    `}`,
  ];
  const isReadOnly = [true, false];
  for (const readOnly of isReadOnly) {
    table.indexes.forEach((index, i) =>
      parts.push(emitIndex(table, index, `${accessor}$index${i}`, readOnly, codec)),
    );
    const getters = accessors(table).flatMap(([accessorName, index]) => {
      const name = indexClass(table, index, readOnly);
      return [`get ${accessorName}(): ${name} {`, `  return changetype<${name}>(0);`, `}`];
    });
    parts.push(
      classText(tableClass(table, readOnly), [
        ...scan,
        ...getters,
        ...(readOnly ? [] : emitWrites(table, codec)),
      ]),
    );
  }
  return parts.join("\n");
}

// A unique column can be looked up by its own name, also where its index has another accessor.
function accessors(table: TableModel): [string, IndexModel][] {
  const found = new Map(table.indexes.map((index) => [index.accessor, index]));
  for (const [column, ...others] of table.uniques) {
    const name = column === undefined ? undefined : table.type.fields[column]?.name;
    const index = table.indexes.find(
      ({ columns }) => columns.length === 1 && columns[0] === column,
    );
    if (others.length > 0 || name === undefined || index === undefined) continue;
    if (!found.has(name)) found.set(name, index);
  }
  return [...found];
}

/** The class of a table's handle. */
export function tableClass(table: TableModel, isReadOnly: boolean): string {
  return `${table.type.name}${isReadOnly ? "ReadOnly" : ""}Table`;
}

function indexClass(table: TableModel, index: IndexModel, isReadOnly: boolean): string {
  return `${table.type.name}_${index.accessor}_${isReadOnly ? "ReadOnly" : ""}Index`;
}

export function classText(name: string, lines: readonly string[]): string {
  return [`export class ${name} {`, ...lines.map((line) => `  ${line}`), "}", ""].join("\n");
}

function idFunction(name: string, lookUp: string): string {
  return [
    `let ${name}_id: u32 = 0;`,
    `function ${name}(): u32 {`,
    `  if (${name}_id == 0) ${name}_id = ${lookUp};`,
    `  return ${name}_id;`,
    "}",
  ].join("\n");
}

// The host tells the values of exactly those columns that were zero, in their order.
function emitGenerated(table: TableModel, codec: CodecEmitter): string {
  if (table.autoInc.length === 0) return "";
  const lines = [...table.autoInc]
    .sort((a, b) => a - b)
    .map((column) => {
      const { name, type } = table.type.fields[column] as Field;
      const isZero = type.kind === "leaf" ? `row.${name} == ${type.name}.zero` : `row.${name} == 0`;
      return `  if (${isZero}) row.${name} = ${codec.read(type)};`;
    });
  return [
    `function ${table.accessor}$generated(row: $${table.type.name}): void {`,
    "  const r = generated;",
    "  if (r.remaining == 0) return;",
    ...lines,
    "}",
  ].join("\n");
}

function emitWrites(table: TableModel, codec: CodecEmitter): string[] {
  const { accessor } = table;
  const row = `$${table.type.name}`;
  const write = codec.write({ kind: "named", type: table.type }, "row");
  const fill = table.autoInc.length > 0 ? [`  ${accessor}$generated(row);`] : [];
  return [
    `/** Inserts a row; the same object, with the columns that the host filled in. A refusal ends the call. */`,
    `insert(row: ${row}): ${row} {`,
    `  const table = ${accessor}$table();`,
    `  const w = scratch;`,
    `  w.clear();`,
    `  ${write}`,
    `  insertRow(table, "${accessor}");`,
    ...fill,
    `  return row;`,
    `}`,
    `/** Inserts a row, or tells why the host refused it. */`,
    `tryInsert(row: ${row}): Result<${row}, InsertError> {`,
    `  const table = ${accessor}$table();`,
    `  const w = scratch;`,
    `  w.clear();`,
    `  ${write}`,
    `  const errno = tryInsertRow(table);`,
    `  if (errno != 0) return Result.err<${row}, InsertError>(new InsertError(errno));`,
    ...fill,
    `  return Result.ok<${row}, InsertError>(row);`,
    `}`,
    `/** Deletes the row that is equal to this one in every column; whether there was one. */`,
    `delete(row: ${row}): bool {`,
    `  const table = ${accessor}$table();`,
    `  const w = scratch;`,
    `  w.clear();`,
    `  w.u32(1);`,
    `  ${write}`,
    `  return deleteRow(table);`,
    `}`,
    `/** Deletes all rows; how many there were. */`,
    `clear(): u64 {`,
    `  return clearRows(${accessor}$table());`,
    `}`,
  ];
}

function emitIndex(
  table: TableModel,
  index: IndexModel,
  id: string,
  isReadOnly: boolean,
  codec: CodecEmitter,
): string {
  const fields = index.columns.map((column) => table.type.fields[column] as Field);
  const isUnique = table.uniques.some(
    (unique) =>
      unique.length === index.columns.length &&
      unique.every((column) => index.columns.includes(column)),
  );
  const lines = isUnique
    ? uniqueMembers(table, fields, id, isReadOnly, codec)
    : filterMembers(table, fields, id, index.kind === "hash", isReadOnly, codec);
  if (index.kind !== "hash") lines.push(...rangeMembers(table, fields, id, isReadOnly, codec));
  return classText(indexClass(table, index, isReadOnly), lines);
}

function keyParams(fields: readonly Field[]): string {
  return fields.map(({ type }, i) => `key${i}: ${typeName(type)}`).join(", ");
}

function keyWrites(fields: readonly Field[], codec: CodecEmitter): string[] {
  return [
    `  const w = scratch;`,
    `  w.clear();`,
    ...fields.map(({ type }, i) => `  ${codec.write(type, `key${i}`)}`),
  ];
}

function uniqueMembers(
  table: TableModel,
  fields: readonly Field[],
  id: string,
  isReadOnly: boolean,
  codec: CodecEmitter,
): string[] {
  const { accessor } = table;
  const row = `$${table.type.name}`;
  const key = [`  const index = ${id}();`, ...keyWrites(fields, codec)];
  const find = [
    `/** The row with this key, or null. */`,
    `find(${keyParams(fields)}): ${row} | null {`,
    ...key,
    `  const r = findRow(index);`,
    `  return r ? ${codec.reader(table.type)}(r) : null;`,
    `}`,
  ];
  if (isReadOnly) return find;
  const fill = table.autoInc.length > 0 ? [`  ${accessor}$generated(row);`] : [];
  const write = [
    `  const table = ${accessor}$table();`,
    `  const index = ${id}();`,
    `  const w = scratch;`,
    `  w.clear();`,
    `  ${codec.write({ kind: "named", type: table.type }, "row")}`,
  ];
  return [
    ...find,
    `/** Replaces the row with the same key. A refusal ends the call. */`,
    `update(row: ${row}): ${row} {`,
    ...write,
    `  updateRow(table, index, "${accessor}");`,
    ...fill,
    `  return row;`,
    `}`,
    `/** Replaces the row with the same key, or tells why the host refused it. */`,
    `tryUpdate(row: ${row}): Result<${row}, InsertError> {`,
    ...write,
    `  const errno = tryUpdateRow(table, index);`,
    `  if (errno != 0) return Result.err<${row}, InsertError>(new InsertError(errno));`,
    ...fill,
    `  return Result.ok<${row}, InsertError>(row);`,
    `}`,
    `/** Deletes the row with this key; whether there was one. */`,
    `delete(${keyParams(fields)}): bool {`,
    ...key,
    `  return deleteByKey(index) != 0;`,
    `}`,
  ];
}

/** `filter`, then `filter2` and on for keys of several columns. */
function numbered(name: string, count: number): string {
  return count === 1 ? name : `${name}${count}`;
}

// Fewer columns than the index has are a range in which the last of them has one value. Hash indexes
// know whole keys alone.
function filterMembers(
  table: TableModel,
  fields: readonly Field[],
  id: string,
  isHash: boolean,
  isReadOnly: boolean,
  codec: CodecEmitter,
): string[] {
  const row = `$${table.type.name}`;
  const lines: string[] = [];
  for (let count = isHash ? fields.length : 1; count <= fields.length; count++) {
    const given = fields.slice(0, count);
    const isWhole = count === fields.length;
    const lead = [`  const index = ${id}();`];
    const call = (whole: string, part: string): string =>
      isWhole ? `${whole}(index)` : `${part}(index, ${count - 1}, bound, bound)`;
    if (isWhole) {
      lead.push(...keyWrites(given, codec));
    } else {
      const last = given[count - 1] as Field;
      lead.push(
        ...keyWrites(given.slice(0, -1), codec),
        `  const bound = w.length;`,
        `  w.u8(0);`,
        `  ${codec.write(last.type, `key${count - 1}`)}`,
      );
    }
    lines.push(
      `/** The rows with these values. */`,
      `${numbered("filter", count)}(${keyParams(given)}): RowIter<${row}> {`,
      ...lead,
      `  return new RowIter<${row}>(${call("scanKey", "scanRange")}, ${codec.reader(table.type)});`,
      `}`,
    );
    if (isReadOnly) continue;
    lines.push(
      `/** Deletes the rows with these values; how many there were. */`,
      `${numbered("delete", count)}(${keyParams(given)}): u32 {`,
      ...lead,
      `  return ${call("deleteByKey", "deleteByRange")};`,
      `}`,
    );
  }
  return lines;
}

function rangeMembers(
  table: TableModel,
  fields: readonly Field[],
  id: string,
  isReadOnly: boolean,
  codec: CodecEmitter,
): string[] {
  const row = `$${table.type.name}`;
  return fields.flatMap((last, i) => {
    const equal = fields.slice(0, i);
    const range = `range: Range<${typeName(last.type)}>`;
    const params = [keyParams(equal), range].filter((each) => each !== "").join(", ");
    const bound = (side: string): string[] => [
      `  w.u8(<u8>range.${side}.kind);`,
      `  if (range.${side}.kind != BoundKind.Unbounded) { const key = range.${side}.value; ${codec.write(last.type, "key")} }`,
    ];
    const lead = [
      `  const index = ${id}();`,
      ...keyWrites(equal, codec),
      `  const from = w.length;`,
      ...bound("from"),
      `  const to = w.length;`,
      ...bound("to"),
    ];
    const scan = [
      `/** The rows in a range${i > 0 ? ", with these values in the columns before" : ""}. */`,
      `${numbered("range", i + 1)}(${params}): RowIter<${row}> {`,
      ...lead,
      `  return new RowIter<${row}>(scanRange(index, ${i}, from, to), ${codec.reader(table.type)});`,
      `}`,
    ];
    if (isReadOnly) return scan;
    return [
      ...scan,
      `/** Deletes the rows in a range; how many there were. */`,
      `${numbered("deleteRange", i + 1)}(${params}): u32 {`,
      ...lead,
      `  return deleteByRange(index, ${i}, from, to);`,
      `}`,
    ];
  });
}
