// Classes with @table: columns with their keys, indexes, sequences and default values.
import type { ClassDeclaration, DecoratorNode, FieldDeclaration, Range } from "../compiler.ts";
import { decorated, decoratorName, isField, isStatic } from "./ast.ts";
import { readDefault } from "./default-value.ts";
import type { Faults } from "./fault.ts";
import type {
  Field,
  IndexKind,
  IndexModel,
  NamedType,
  ScheduleModel,
  TableModel,
  TypeModel,
} from "./model.ts";
import { type Options, readOptions } from "./options.ts";

const tableOptions = {
  accessor: "text",
  name: "text",
  access: "text",
  event: "flag",
  scheduled: "name",
  at: "name",
} as const;

const indexOptions = { accessor: "text", columns: "names", kind: "text", name: "text" } as const;
const indexKinds: readonly string[] = ["btree", "hash", "direct"];
const integers: readonly string[] = ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"];
const wideIntegers: readonly string[] = ["I128", "U128", "I256", "U256"];

/** `Message` is called `message` by modules. */
function lowerCamel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

export function readTable(type: NamedType, node: ClassDeclaration, faults: Faults): TableModel {
  const decorator = decorated(node, "table") as DecoratorNode;
  const options = readOptions(decorator, tableOptions, faults);
  const members = node.members.filter((member) => isField(member) && !isStatic(member));
  if (members.length === 0) {
    faults.add(node.name.range, `Table '${type.name}' has no columns`, "Give it a field");
  }
  const columns = new ColumnReader(type, faults);
  for (const member of node.members) {
    if (isField(member) && !isStatic(member)) columns.read(member);
  }
  for (const each of node.decorators ?? []) {
    if (decoratorName(each) === "index") columns.readIndex(each, undefined);
    if (decoratorName(each) === "unique") columns.readUnique(each);
  }
  const access = options.text("access") ?? "private";
  if (access !== "public" && access !== "private") {
    faults.add(
      options.range("access") ?? decorator.range,
      `Access '${access}' is unknown`,
      'Write "public" or "private"',
    );
  }
  return {
    type,
    range: node.name.range,
    accessor: options.text("accessor") ?? lowerCamel(type.name),
    explicitName: options.text("name"),
    access: access === "public" ? "public" : "private",
    isEvent: options.flag("event"),
    ...columns.found(),
    schedule: readSchedule(type, options, faults),
  };
}

function readSchedule(
  type: NamedType,
  options: Options,
  faults: Faults,
): ScheduleModel | undefined {
  const functionName = options.text("scheduled");
  const range = options.range("scheduled");
  if (functionName === undefined || range === undefined) return undefined;
  const candidates = type.fields.flatMap(({ type: column }, i) =>
    column.kind === "leaf" && column.name === "ScheduleAt" ? [i] : [],
  );
  const wanted = options.text("at");
  const atColumn =
    wanted === undefined
      ? candidates[0]
      : candidates.find((each) => type.fields[each]?.name === wanted);
  if (atColumn === undefined) {
    faults.add(
      options.range("at") ?? range,
      wanted === undefined
        ? `Scheduled table '${type.name}' has no column of type ScheduleAt`
        : `Column '${wanted}' is no ScheduleAt of table '${type.name}'`,
      "Add scheduledAt: ScheduleAt, and name it by at: if there are several",
    );
    return undefined;
  }
  if (wanted === undefined && candidates.length > 1) {
    faults.add(
      range,
      `Scheduled table '${type.name}' has several columns of type ScheduleAt`,
      'Say which one counts: @table({ scheduled: …, at: "column" })',
    );
  }
  return { functionName, atColumn, range };
}

/** Gathers what the decorators of fields say. */
class ColumnReader {
  readonly #type: NamedType;
  readonly #faults: Faults;
  readonly #uniques: number[][] = [];
  readonly #indexes: IndexModel[] = [];
  readonly #autoInc: number[] = [];
  readonly #defaults = new Map<number, Uint8Array>();
  #primaryKey: number | undefined;

  constructor(type: NamedType, faults: Faults) {
    this.#type = type;
    this.#faults = faults;
  }

  found(): Pick<TableModel, "primaryKey" | "uniques" | "indexes" | "autoInc" | "defaults"> {
    return {
      primaryKey: this.#primaryKey,
      uniques: this.#uniques,
      indexes: [...this.#indexes, ...this.#impliedIndexes()],
      autoInc: this.#autoInc,
      defaults: this.#defaults,
    };
  }

  read(member: FieldDeclaration): void {
    const column = this.#type.fields.findIndex(({ name }) => name === member.name.text);
    const field = this.#type.fields[column];
    if (field === undefined) return; // Its type is at fault already.
    const key = decorated(member, "primaryKey");
    if (key !== undefined) this.#readKey(key, column, field);
    const unique = decorated(member, "unique");
    if (unique !== undefined) {
      readOptions(unique, {}, this.#faults);
      this.#checkKeyType(unique.range, field, "unique");
      if (key === undefined) this.#uniques.push([column]);
    }
    const autoInc = decorated(member, "autoInc");
    if (autoInc !== undefined) this.#readAutoInc(autoInc, column, field);
    for (const each of member.decorators ?? []) {
      if (decoratorName(each) === "index") this.readIndex(each, column);
    }
    const value = decorated(member, "defaultValue");
    if (value !== undefined) {
      const bytes = readDefault(value, field, this.#faults);
      if (bytes !== undefined) this.#defaults.set(column, bytes);
    }
  }

  #readKey(decorator: DecoratorNode, column: number, field: Field): void {
    readOptions(decorator, {}, this.#faults);
    this.#checkKeyType(decorator.range, field, "a primary key");
    if (this.#primaryKey !== undefined) {
      this.#faults.add(
        decorator.range,
        `Table '${this.#type.name}' has two primary keys`,
        "Keep one, and write @unique before the other",
      );
      return;
    }
    this.#primaryKey = column;
    this.#uniques.push([column]);
  }

  #readAutoInc(decorator: DecoratorNode, column: number, field: Field): void {
    readOptions(decorator, {}, this.#faults);
    if (!isInteger(field.type)) {
      this.#faults.add(
        decorator.range,
        `Column '${field.name}' of @autoInc is no integer`,
        "Give it an integer type, like u64",
      );
      return;
    }
    this.#autoInc.push(column);
  }

  /** `column` is undefined for a decorator of the class. */
  readIndex(decorator: DecoratorNode, column: number | undefined): void {
    const options = readOptions(decorator, indexOptions, this.#faults);
    const kind = options.text("kind") ?? "btree";
    if (!indexKinds.includes(kind)) {
      this.#faults.add(
        options.range("kind") ?? decorator.range,
        `Index kind '${kind}' is unknown`,
        'Write "btree", "hash" or "direct"',
      );
      return;
    }
    if (column !== undefined) {
      const field = this.#type.fields[column] as Field;
      const accessor = options.text("accessor") ?? field.name;
      if (options.names("columns") !== undefined) {
        this.#faults.add(
          options.range("columns") ?? decorator.range,
          "An index on a field has that field as its only column",
          "Put @index before the class to name several columns",
        );
      }
      this.#addIndex(decorator.range, kind as IndexKind, [column], accessor, options.text("name"));
      return;
    }
    const columns = this.#columns(decorator, options);
    const accessor = options.text("accessor");
    if (columns === undefined) return;
    if (accessor === undefined) {
      this.#faults.add(
        decorator.range,
        "An index of a table has no accessor",
        'Name it: @index({ accessor: "byName", columns: […] })',
      );
      return;
    }
    this.#addIndex(decorator.range, kind as IndexKind, columns, accessor, options.text("name"));
  }

  /** @unique before the class: several columns together. */
  readUnique(decorator: DecoratorNode): void {
    const options = readOptions(decorator, { columns: "names" }, this.#faults);
    const columns = this.#columns(decorator, options);
    if (columns === undefined) return;
    if (!this.#indexes.some((index) => sameSet(index.columns, columns))) {
      this.#faults.add(
        decorator.range,
        "Columns that are unique together need an index on the same columns",
        'Add @index({ accessor: "byBoth", columns: […] }) with these columns',
      );
      return;
    }
    this.#uniques.push([...columns]);
  }

  #columns(decorator: DecoratorNode, options: Options): readonly number[] | undefined {
    const names = options.names("columns");
    const range = options.range("columns") ?? decorator.range;
    if (names === undefined || names.length === 0) {
      this.#faults.add(range, "No columns are named", 'Write columns: ["a", "b"]');
      return undefined;
    }
    const columns = names.map((name) => this.#type.fields.findIndex((each) => each.name === name));
    const unknown = names.find((_, i) => columns[i] === -1);
    if (unknown !== undefined) {
      if (this.#isAtFault(unknown)) return undefined;
      this.#faults.add(
        range,
        `Table '${this.#type.name}' has no column '${unknown}'`,
        `Columns are: ${this.#type.fields.map(({ name }) => name).join(", ")}`,
      );
      return undefined;
    }
    if (new Set(columns).size < columns.length) {
      this.#faults.add(range, "A column is named twice", "Name each once");
      return undefined;
    }
    return columns;
  }

  // A field whose type is wrong is no column, and was complained of already.
  #isAtFault(name: string): boolean {
    return (this.#type.declaration as ClassDeclaration).members.some(
      (member) => isField(member) && member.name.text === name,
    );
  }

  #addIndex(
    range: Range,
    kind: IndexKind,
    columns: readonly number[],
    accessor: string,
    explicitName: string | undefined,
  ): void {
    for (const column of columns) {
      const field = this.#type.fields[column] as Field;
      this.#checkKeyType(range, field, "a column of an index");
      if (kind === "direct" && !isDirect(field.type)) {
        this.#faults.add(
          range,
          `Column '${field.name}' cannot have a direct index`,
          'Direct indexes are for u8, u16, u32, u64 and enums; write kind: "btree"',
        );
        return;
      }
    }
    if (kind === "direct" && columns.length > 1) {
      this.#faults.add(range, "A direct index has one column", 'Write kind: "btree"');
      return;
    }
    this.#indexes.push({ kind, columns, accessor, explicitName, range });
  }

  #checkKeyType(range: Range, field: Field, what: string): void {
    if (isKey(field.type)) return;
    this.#faults.add(
      range,
      `Column '${field.name}' cannot be ${what}: values of its type are not looked up`,
      "Keys are integers, bool, string, enums, Identity, ConnectionId, Timestamp and Uuid",
    );
  }

  /** Unique columns that have no index of their own get one: the host finds duplicates by it. */
  #impliedIndexes(): IndexModel[] {
    return this.#uniques.flatMap((columns) => {
      const [column] = columns;
      const isIndexed = this.#indexes.some((index) => sameSet(index.columns, columns));
      if (isIndexed || column === undefined) return [];
      const field = this.#type.fields[column] as Field;
      const { name: accessor, range } = field;
      return [{ kind: "btree" as const, columns, accessor, explicitName: undefined, range }];
    });
  }
}

function sameSet(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each) => b.includes(each));
}

function isInteger(type: TypeModel): boolean {
  if (type.kind === "leaf") return wideIntegers.includes(type.name);
  return type.kind === "primitive" && integers.includes(type.primitive);
}

function isDirect(type: TypeModel): boolean {
  if (type.kind === "named") return type.type.kind === "enum";
  return type.kind === "primitive" && ["u8", "u16", "u32", "u64"].includes(type.primitive);
}

const keyLeaves: readonly string[] = [
  ...wideIntegers,
  "Identity",
  "ConnectionId",
  "Timestamp",
  "Uuid",
];

function isKey(type: TypeModel): boolean {
  if (type.kind === "leaf") return keyLeaves.includes(type.name);
  if (type.kind === "named") return type.type.kind === "enum";
  return type.kind === "primitive" && type.primitive !== "f32" && type.primitive !== "f64";
}
