// Backing tables of views, and the system rows that register them (module-def.md sections 7 and 10).
import { encodeType, type ModuleDef, primitive } from "@lightcone/abi";
import { insertTableRows, type NewTable } from "../../datastore/create-table.ts";
import type { Datastore } from "../../datastore/datastore.ts";
import { systemTableId } from "../../datastore/system-tables.ts";
import type { Transaction } from "../../datastore/tx.ts";
import { type LiveView, liveViews } from "./live-view.ts";

const argHashColumn = "arg_hash";

/** What a view's backing table is to be created as. Its hidden column and its indexes have no aliases: only the host uses them. */
export function planViewTable({ definition, columns }: LiveView): NewTable {
  const { name, sourceName, isPublic, primaryKey } = definition;
  const byHash = { name: `${name}_${argHashColumn}_idx_btree`, columns: [0] };
  const hidden = { alias: undefined, kind: "btree" } as const;
  const indexes = [{ ...hidden, ...byHash }];
  const constraints: NewTable["constraints"][number][] = [];
  const key = primaryKey === undefined ? undefined : columns[primaryKey];
  if (primaryKey !== undefined && key !== undefined) {
    const stem = `${name}_${argHashColumn}_${key.name}`;
    const unique = [0, primaryKey + 1];
    indexes.push({ ...hidden, name: `${stem}_idx_btree`, columns: unique });
    constraints.push({ name: `${stem}_key`, columns: unique });
  }
  return {
    name,
    alias: sourceName,
    access: isPublic ? "public" : "private",
    columns: [{ name: argHashColumn, alias: undefined, type: primitive("u256") }, ...columns],
    primaryKey: undefined,
    indexes,
    constraints,
    sequences: [],
    schedule: undefined,
    isEvent: false,
  };
}

function createViewTable(datastore: Datastore, tx: Transaction, view: LiveView): void {
  const { catalog } = datastore;
  const { name, isPublic, isAnonymous, params } = view.definition;
  const tableId = insertTableRows(datastore, tx, planViewTable(view));
  const viewId = catalog.insertWithId(tx, systemTableId.view, {
    view_id: 0,
    view_name: name,
    table_id: tableId,
    is_public: isPublic,
    is_anonymous: isAnonymous,
  });
  params.elements.forEach((param, position) => {
    catalog.insert(tx, systemTableId.viewParam, {
      view_id: viewId,
      param_pos: position,
      param_name: param.name ?? "",
      param_type: encodeType(param.type),
    });
  });
  view.columns.forEach((column, position) => {
    catalog.insert(tx, systemTableId.viewColumn, {
      view_id: viewId,
      col_pos: position,
      col_name: column.name,
      col_type: encodeType(column.type),
    });
  });
  // The table learns from its row in st_view that nothing of it is kept, so that row comes first.
  datastore.createTable(tableId);
}

/**
 * Creates the backing tables of a definition's views, in its order, inside the open transaction; views that have one already are
 * passed over. Returns the names of those created.
 */
export function createViewTables(
  datastore: Datastore,
  tx: Transaction,
  definition: ModuleDef,
): string[] {
  const { catalog } = datastore;
  const present = new Set(catalog.rows(systemTableId.view).map((row) => row["view_name"]));
  const created: string[] = [];
  for (const [name, view] of liveViews(definition)) {
    if (present.has(name)) continue;
    createViewTable(datastore, tx, view);
    created.push(name);
  }
  return created;
}

/**
 * Removes a view from `st_view`, `st_view_param` and `st_view_column`. Returns the id of its backing table, which is left as it is:
 * it is to be dropped as any other table.
 */
export function dropView(datastore: Datastore, tx: Transaction, name: string): number | undefined {
  const { catalog } = datastore;
  const view = catalog.rows(systemTableId.view).find((row) => row["view_name"] === name);
  if (view === undefined) return undefined;
  for (const id of [systemTableId.viewParam, systemTableId.viewColumn, systemTableId.view]) {
    const table = catalog.table(id);
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
      if (catalog.row(id, row)["view_id"] === view["view_id"]) tx.delete(table, row);
    }
  }
  return view["table_id"] as number | undefined;
}
