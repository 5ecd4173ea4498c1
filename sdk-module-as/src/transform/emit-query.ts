// Generated code of `ctx.from`: each table as the start of a query, and its columns.
import { snakeCase } from "@lightcone/abi";
import { typeName } from "./emit-codec.ts";
import { classText } from "./emit-table.ts";
import type { TableModel, TypeModel } from "./model.ts";

/** The classes of one table. */
export function emitQueryTable(table: TableModel): string {
  const row = `$${table.type.name}`;
  const name = canonicalName(table);
  const columns = table.type.fields.flatMap(({ name: column, type }) => {
    if (!isComparable(type)) return [];
    const made = `Column<${row}, ${typeName(type)}>`;
    return [
      `get ${column}(): ${made} {`,
      `  return new ${made}(${JSON.stringify(name)}, ${JSON.stringify(snakeCase(column))});`,
      `}`,
    ];
  });
  return [
    classText(`${table.type.name}Columns`, columns),
    classText(`${queryClass(table)} extends Query<${row}>`, [
      `constructor() {`,
      `  super(${JSON.stringify(name)});`,
      `}`,
      `/** For conditions: \`cols.name.eq("Ada")\`. */`,
      `get cols(): ${table.type.name}Columns {`,
      `  return changetype<${table.type.name}Columns>(0);`,
      `}`,
    ]),
  ].join("\n");
}

export function queryClass(table: TableModel): string {
  return `${table.type.name}QueryTable`;
}

/** The name that SQL knows a table by. */
function canonicalName(table: TableModel): string {
  return table.explicitName ?? snakeCase(table.accessor);
}

const comparableLeaves: readonly string[] = [
  "Identity",
  "ConnectionId",
  "Timestamp",
  "Uuid",
  "I128",
  "U128",
  "I256",
  "U256",
];

// What a literal can be compared with.
function isComparable(type: TypeModel): boolean {
  if (type.kind === "leaf") return comparableLeaves.includes(type.name);
  return type.kind === "primitive" || type.kind === "bytes";
}
