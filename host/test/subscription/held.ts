// What clients hold of each table, compared and shown.
import type { HeldRows } from "../session/mirror.ts";

/** Whether two clients hold the same; a table without rows is as good as none. */
export function isSame(
  a: ReadonlyMap<string, HeldRows>,
  b: ReadonlyMap<string, HeldRows>,
): boolean {
  const holdsAll = (some: ReadonlyMap<string, HeldRows>, other: typeof some): boolean => {
    for (const [table, rows] of some) {
      const others = other.get(table);
      if (rows.size !== (others?.size ?? 0)) return false;
      for (const [row, count] of rows) if (others?.get(row) !== count) return false;
    }
    return true;
  };
  return holdsAll(a, b) && holdsAll(b, a);
}

/** What a client holds, as text. */
export function show(tables: ReadonlyMap<string, HeldRows> | undefined): string {
  const lines = [...(tables ?? [])].map(
    ([table, rows]) => `${table} ${[...rows].map(([row, count]) => `${row}x${count}`).join(" ")}`,
  );
  return lines.sort().join("; ");
}
