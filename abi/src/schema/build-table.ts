// A table's definition out of what V9 and V10 say of it: columns from its row type, generated
// names, positions checked. Faults that would leave nothing to stand in the definition are found
// here, all others in check.ts.
import type { Typespace } from "../sats/type.ts";
import type {
  Access,
  ColumnDef,
  ConstraintDef,
  IndexAlgorithm,
  IndexDef,
  ScheduleDef,
  SequenceDef,
  TableDef,
} from "./def.ts";
import { keyColumnsMax } from "./limit.ts";
import { constraintName, indexName, sequenceName } from "./names.ts";
import type { RawIndexAlgorithm, RawSequence } from "./raw-shared.ts";

interface IndexSource {
  /** The name the module uses; undefined where the definition gives none. */
  readonly sourceName: string | undefined;
  /** The canonical name, or undefined for the generated one. */
  readonly name: string | undefined;
  readonly accessorName: string | undefined;
  readonly algorithm: RawIndexAlgorithm;
}

interface ConstraintSource {
  readonly name: string | undefined;
  readonly columns: readonly number[];
}

interface SequenceSource {
  readonly name: string | undefined;
  readonly sequence: RawSequence;
}

interface DefaultSource {
  readonly column: number;
  readonly value: Uint8Array;
}

/** What V9 and V10 both say of a table. */
export interface TableSource {
  readonly name: string;
  readonly sourceName: string;
  readonly productTypeRef: number;
  readonly primaryKey: readonly number[];
  readonly indexes: readonly IndexSource[];
  readonly constraints: readonly ConstraintSource[];
  readonly sequences: readonly SequenceSource[];
  readonly schedule: ScheduleDef | undefined;
  readonly defaults: readonly DefaultSource[];
  readonly isSystem: boolean;
  readonly access: Access;
  readonly isEvent: boolean;
}

/** A module's types twice: as it names them, and with canonical names. */
export interface NamedTypes {
  readonly source: Typespace;
  readonly canonical: Typespace;
}

const algorithmKinds = { BTree: "btree", Hash: "hash", Direct: "direct" } as const;

/**
 * The table's definition, or undefined where it has no row type; faults are appended to `faults`.
 */
export function buildTable(
  source: TableSource,
  types: NamedTypes,
  faults: string[],
): TableDef | undefined {
  const builder = new TableBuilder(source, types, faults);
  return builder.build();
}

class TableBuilder {
  readonly #source: TableSource;
  readonly #types: NamedTypes;
  readonly #faults: string[];
  readonly #label: string;

  constructor(source: TableSource, types: NamedTypes, faults: string[]) {
    this.#source = source;
    this.#types = types;
    this.#faults = faults;
    this.#label = `table \`${source.sourceName}\``;
  }

  build(): TableDef | undefined {
    const source = this.#source;
    if (source.isSystem) this.#fault("a module cannot define a system table");
    const columns = this.#columns();
    if (columns === undefined) return undefined;
    return {
      name: source.name,
      sourceName: source.sourceName,
      productTypeRef: source.productTypeRef,
      columns,
      primaryKey: this.#primaryKey(columns),
      indexes: this.#indexes(columns),
      constraints: this.#constraints(columns),
      sequences: this.#sequences(columns),
      schedule: this.#schedule(columns),
      access: source.access,
      isEvent: source.isEvent,
    };
  }

  #fault(text: string): void {
    this.#faults.push(`${this.#label}: ${text}`);
  }

  #columns(): ColumnDef[] | undefined {
    const { productTypeRef } = this.#source;
    const sourceType = this.#types.source[productTypeRef];
    const type = this.#types.canonical[productTypeRef];
    if (sourceType?.kind !== "product" || type?.kind !== "product") {
      this.#fault(`its row type ${productTypeRef} is not a product of the typespace`);
      return undefined;
    }
    const defaults = this.#defaults(type.elements.length);
    return type.elements.map((element, i) => {
      if (element.name === undefined) this.#fault(`column ${i} has no name`);
      return {
        name: element.name ?? String(i),
        sourceName: sourceType.elements[i]?.name ?? String(i),
        type: element.type,
        defaultValue: defaults.get(i),
      };
    });
  }

  #defaults(columnCount: number): Map<number, Uint8Array> {
    const defaults = new Map<number, Uint8Array>();
    for (const { column, value } of this.#source.defaults) {
      if (column < columnCount) defaults.set(column, value);
      else this.#fault(`a default value is for column ${column}, which does not exist`);
    }
    return defaults;
  }

  /** The names of the columns, or undefined with a fault where they cannot be those of a key. */
  #names(
    columns: readonly ColumnDef[],
    positions: readonly number[],
    what: string,
  ): string[] | undefined {
    const fault = positionsFault(positions, columns.length);
    if (fault !== undefined) {
      this.#fault(`${what} ${fault}`);
      return undefined;
    }
    return positions.map((position) => (columns[position] as ColumnDef).name);
  }

  #primaryKey(columns: readonly ColumnDef[]): number | undefined {
    const [position, ...others] = this.#source.primaryKey;
    if (position === undefined) return undefined;
    if (others.length > 0) {
      this.#fault(`the primary key has ${others.length + 1} columns, only one is possible`);
      return undefined;
    }
    return this.#names(columns, [position], "the primary key") === undefined ? undefined : position;
  }

  #indexes(columns: readonly ColumnDef[]): IndexDef[] {
    return this.#source.indexes.flatMap(({ name, sourceName, accessorName, algorithm }) => {
      const algorithmDef: IndexAlgorithm = {
        kind: algorithmKinds[algorithm.tag],
        columns: algorithm.tag === "Direct" ? [algorithm.value] : algorithm.value,
      };
      const what = `index \`${sourceName ?? accessorName ?? ""}\``;
      const names = this.#names(columns, algorithmDef.columns, what);
      if (names === undefined) return [];
      const canonical = name ?? indexName(this.#source.name, names, algorithmDef.kind);
      return [
        {
          name: canonical,
          sourceName: sourceName ?? canonical,
          accessorName,
          algorithm: algorithmDef,
        },
      ];
    });
  }

  #constraints(columns: readonly ColumnDef[]): ConstraintDef[] {
    return this.#source.constraints.flatMap((constraint) => {
      const names = this.#names(columns, constraint.columns, "a unique constraint");
      if (names === undefined) return [];
      const name = constraint.name ?? constraintName(this.#source.name, names);
      return [{ name, columns: constraint.columns }];
    });
  }

  #sequences(columns: readonly ColumnDef[]): SequenceDef[] {
    return this.#source.sequences.flatMap(({ name, sequence }) => {
      const [column] = this.#names(columns, [sequence.column], "a sequence") ?? [];
      if (column === undefined) return [];
      return [
        {
          name: name ?? sequenceName(this.#source.name, column),
          column: sequence.column,
          start: sequence.start,
          min: sequence.min_value,
          max: sequence.max_value,
          increment: sequence.increment,
        },
      ];
    });
  }

  #schedule(columns: readonly ColumnDef[]): ScheduleDef | undefined {
    const { schedule } = this.#source;
    if (schedule === undefined) return undefined;
    const names = this.#names(columns, [schedule.atColumn], "the schedule");
    return names === undefined ? undefined : schedule;
  }
}

/** What keeps these positions of columns from being those of a key. */
function positionsFault(positions: readonly number[], columnCount: number): string | undefined {
  if (positions.length === 0) return "has no columns";
  if (positions.length > keyColumnsMax) return `has more than ${keyColumnsMax} columns`;
  const unknown = positions.find((position) => position >= columnCount);
  if (unknown !== undefined) return `is on column ${unknown}, which does not exist`;
  if (new Set(positions).size < positions.length) return "names a column twice";
  return undefined;
}
