// The tables of a database as one client may see them, for what clients ask of PostgreSQL's catalog.
import type { SqlSession } from "../../session/sql-session.ts";
import { optionPayload } from "../../sql/bind/bind-wide.ts";
import { readableTables } from "../../sql/bind/visibility.ts";
import type { Table } from "../../datastore/table.ts";
import type { CatalogColumn, CatalogIndex, CatalogTable } from "./contract.ts";
import { pgShapeOf, typeText } from "./pg-type.ts";

function columnsOf({ schema }: Table, hidden: number): CatalogColumn[] {
  return schema.columns.slice(hidden).map(({ name, type }, i) => ({
    name,
    type: typeText(pgShapeOf(type)),
    isNullable: optionPayload(type) !== undefined,
    isAutoIncrement: schema.sequences.some(({ column }) => column === i + hidden),
  }));
}

function indexesOf({ schema }: Table): CatalogIndex[] {
  return schema.indexes.map(({ id, name, kind, columns, isUnique }) => ({
    oid: id,
    name,
    kind,
    columns: columns.map((column) => schema.columns[column]?.name ?? ""),
    isUnique,
    isPrimary: isUnique && columns.length === 1 && columns[0] === schema.primaryKey,
  }));
}

/** Every table and view that the session's client may read, in order of creation. */
export function readCatalog({ client, database }: SqlSession): CatalogTable[] {
  const caller = database.sqlCaller(client);
  return readableTables(database.parts.datastore, caller).map((table) => {
    const view = caller.view(table.schema.name);
    return {
      oid: table.schema.id,
      name: table.schema.name,
      kind: view === undefined ? "table" : "view",
      columns: columnsOf(table, view === undefined ? 0 : 1),
      indexes: view === undefined ? indexesOf(table) : [],
    };
  });
}
