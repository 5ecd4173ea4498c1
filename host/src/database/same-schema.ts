// Whether two modules see the same tables, so that code of the one may go on writing under the other.
import type { ModuleDef } from "@lightcone/abi";

function tablesText({ tables, typespace }: ModuleDef): string {
  return JSON.stringify([tables, typespace], (_key, value: unknown) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
}

/** Compares tables with all that belongs to them: columns, their types, indexes, constraints, sequences. */
export function sameSchema(a: ModuleDef, b: ModuleDef): boolean {
  return tablesText(a) === tablesText(b);
}
