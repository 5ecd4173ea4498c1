// A view of the running module: what its rows look like, and what tells one caller's rows from another's.
import {
  blake3Hash,
  compileWalk,
  encodeType,
  type ModuleDef,
  present,
  type ProductType,
  viewRowRef,
  type ViewDef,
  type Walk,
} from "@lightcone/abi";
import type { ColumnSchema } from "../../datastore/schema.ts";
import { inlineType } from "../schema-plan.ts";

export interface LiveView {
  readonly definition: ViewDef;
  /** Of the rows that it returns; the backing table has the argument hash before them. */
  readonly columns: readonly (ColumnSchema & { readonly alias: string })[];
  /** The type of those rows as bytes, to be compared with that of a table. */
  readonly rowTypeBytes: Uint8Array;
  readonly walkRow: Walk;
  /** One for a view that returns an option. */
  readonly rowCountMax: number;
}

/** What a definition says of a view. Throws LC_MODULE_INVALID for a row type that no table can have. */
function liveView(definition: ViewDef, module: ModuleDef): LiveView {
  const { name, returnType } = definition;
  const reference = present(viewRowRef(returnType), `the rows of view ${name}`);
  const row = module.typespace[reference] as ProductType;
  const columns = row.elements.map((element, position) => {
    const column = present(element.name, `name of column ${position} of view ${name}`);
    const type = inlineType(element.type, module.typespace, `column ${name}.${column}`);
    return { name: column, alias: column, type };
  });
  const rowType: ProductType = {
    kind: "product",
    elements: columns.map((column) => ({ name: column.name, type: column.type })),
  };
  return {
    definition,
    columns,
    rowTypeBytes: encodeType(rowType),
    walkRow: compileWalk(rowType),
    rowCountMax: returnType.kind === "sum" ? 1 : Number.POSITIVE_INFINITY,
  };
}

/** A module's views by name. Throws as `liveView`. */
export function liveViews(module: ModuleDef): ReadonlyMap<string, LiveView> {
  return new Map(module.views.map((view) => [view.name, liveView(view, module)]));
}

/** Bytes of an argument hash, the first column of every backing table. */
export const argHashBytes = 32;

const argHashPrefix = new TextEncoder().encode("spacetimedb::view::args::v1\0");
const anonymousArgHash = blake3Hash(argHashPrefix);

/**
 * What marks the rows that a view returns to the caller with these 32 bytes of identity; the same for all callers of an
 * anonymous view (module-def.md section 7).
 */
export function viewArgHash({ isAnonymous }: ViewDef, identityBytes: Uint8Array): Uint8Array {
  if (isAnonymous) return anonymousArgHash;
  const input = new Uint8Array(argHashPrefix.length + identityBytes.length);
  input.set(argHashPrefix);
  input.set(identityBytes, argHashPrefix.length);
  return blake3Hash(input);
}

/** A view as SQL reads it for one caller. */
export interface CallerView {
  readonly isPublic: boolean;
  /** What the first column of the backing table holds in the caller's rows. */
  readonly argHash: Uint8Array;
}

/** Finds views by the names of their backing tables, for the caller with these bytes of identity. */
export function callerViews(
  views: ReadonlyMap<string, LiveView>,
  identityBytes: Uint8Array,
): (name: string) => CallerView | undefined {
  const known = new Map<string, CallerView>();
  return (name) => {
    const view = views.get(name)?.definition;
    if (view === undefined) return undefined;
    let made = known.get(name);
    if (made === undefined) {
      made = { isPublic: view.isPublic, argHash: viewArgHash(view, identityBytes) };
      known.set(name, made);
    }
    return made;
  };
}
