// Generated code that writes and reads the values of every type: functions of the generated file, for
// members of the module's classes would have to name types that their file may not know.
import type { PrimitiveKind } from "@lightcone/abi";
import { type Field, type NamedType, type TypeModel, typeKey } from "./model.ts";

/** A type as generated code writes it. Types of the module have a `$` in front there. */
export function typeName(type: TypeModel): string {
  switch (type.kind) {
    case "primitive":
      return type.primitive;
    case "leaf":
      return type.name;
    case "unit":
      return "Unit";
    case "bytes":
      return "Uint8Array";
    case "array":
      return `Array<${typeName(type.element)}>`;
    case "option":
      return type.boxed ? `Option<${typeName(type.some)}>` : `${typeName(type.some)} | null`;
    case "result":
      return `Result<${typeName(type.ok)}, ${typeName(type.err)}>`;
    case "named":
      return `$${type.type.name}`;
    case "query":
      return `Query<$${type.row.name}>`;
  }
}

const sizes: Readonly<Partial<Record<PrimitiveKind, number>>> = {
  bool: 1,
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  u32: 4,
  f32: 4,
  i64: 8,
  u64: 8,
  f64: 8,
};

/** The bytes of values that one store writes; undefined for all others. */
function storedSize(type: TypeModel): number | undefined {
  if (type.kind === "primitive") return sizes[type.primitive];
  return type.kind === "named" && type.type.kind === "enum" ? 1 : undefined;
}

function storedAs(type: TypeModel): string {
  return type.kind === "primitive" && type.primitive !== "bool" ? type.primitive : "u8";
}

/** The functions that values of types need, written down once per type. */
export class CodecEmitter {
  readonly #functions = new Map<string, string>();

  /** The names of all functions so far. */
  get names(): string[] {
    return [...this.#functions.keys()].flatMap((key) => [`write_${key}`, `read_${key}`]);
  }

  /** All functions so far. */
  get text(): string {
    return [...this.#functions.values()].join("\n");
  }

  /** A statement that writes `value` to the Writer `w`. */
  write(type: TypeModel, value: string): string {
    switch (type.kind) {
      case "primitive":
        return `w.${type.primitive}(${value});`;
      case "leaf":
        return `${value}.write(w);`;
      case "unit":
        return "";
      case "bytes":
        return `w.bytes(${value});`;
      case "query":
        return `w.string(${value}.sql);`;
      case "named":
        if (type.type.kind === "enum") return `w.u8(<u8>${value});`;
        break;
      default:
    }
    this.#emit(type);
    return `write_${typeKey(type)}(w, ${value});`;
  }

  /** An expression that reads a value from the Reader `r`. */
  read(type: TypeModel): string {
    switch (type.kind) {
      case "primitive":
        return `r.${type.primitive}()`;
      case "leaf":
        return `${type.name}.read(r)`;
      case "unit":
        return "unit";
      case "bytes":
        return "r.bytes()";
      case "named":
        if (type.type.kind === "enum") return `<$${type.type.name}>r.u8()`;
        break;
      default:
    }
    this.#emit(type);
    return `read_${typeKey(type)}(r)`;
  }

  /** The function that reads values of a type of the module. */
  reader(type: NamedType): string {
    this.#emit({ kind: "named", type });
    return `read_$${type.name}`;
  }

  #emit(type: TypeModel): void {
    const key = typeKey(type);
    if (this.#functions.has(key)) return;
    this.#functions.set(key, ""); // Types may contain themselves.
    const name = typeName(type);
    const [write, read] = this.#bodies(type);
    const text = [
      `export function write_${key}(w: Writer, v: ${name}): void {`,
      ...write.map((line) => `  ${line}`),
      "}",
      `export function read_${key}(r: Reader): ${name} {`,
      ...read.map((line) => `  ${line}`),
      "}",
      "",
    ];
    this.#functions.set(key, text.join("\n"));
  }

  #bodies(type: TypeModel): [write: string[], read: string[]] {
    switch (type.kind) {
      case "array":
        return this.#array(type.element);
      case "option":
        return type.boxed ? this.#option(type.some) : this.#nullable(type.some);
      case "result":
        return this.#result(type.ok, type.err);
      case "named":
        return type.type.kind === "sum" ? this.#sum(type.type) : this.#product(type.type);
      default:
        return [[], []];
    }
  }

  #array(element: TypeModel): [string[], string[]] {
    const size = storedSize(element);
    const name = typeName(element);
    if (size !== undefined && element.kind === "primitive") {
      return [
        ["w.u32(v.length);", `w.raw(v.dataStart, v.length * ${size});`],
        [
          "const length = r.u32();",
          `const v = new Array<${name}>(length);`,
          `memory.copy(v.dataStart, r.take(length * ${size}), length * ${size});`,
          "return v;",
        ],
      ];
    }
    return [
      [
        "w.u32(v.length);",
        "for (let i = 0; i < v.length; i++) {",
        `  const each = v[i];`,
        `  ${this.write(element, "each")}`,
        "}",
      ],
      [
        "const length = <i32>r.u32();",
        `const v = new Array<${name}>(length);`,
        `for (let i = 0; i < length; i++) unchecked(v[i] = ${this.read(element)});`,
        "return v;",
      ],
    ];
  }

  #option(some: TypeModel): [string[], string[]] {
    const name = typeName(some);
    return [
      [
        "w.u8(v.isSome ? 0 : 1);",
        "if (v.isSome) {",
        "  const some = v.value;",
        `  ${this.write(some, "some")}`,
        "}",
      ],
      [
        `if (r.u8() != 0) return Option.none<${name}>();`,
        `return Option.some<${name}>(${this.read(some)});`,
      ],
    ];
  }

  // Classes may have a `==` of their own, and the empty text counts as false: addresses tell.
  #nullable(some: TypeModel): [string[], string[]] {
    return [
      [
        "const isNone = changetype<usize>(v) == 0;",
        "w.u8(isNone ? 1 : 0);",
        "if (!isNone) {",
        `  const some = changetype<${typeName(some)}>(v);`,
        `  ${this.write(some, "some")}`,
        "}",
      ],
      ["if (r.u8() != 0) return null;", `return ${this.read(some)};`],
    ];
  }

  #result(ok: TypeModel, err: TypeModel): [string[], string[]] {
    const names = `${typeName(ok)}, ${typeName(err)}`;
    return [
      [
        "w.u8(v.isOk ? 0 : 1);",
        "if (v.isOk) {",
        "  const value = v.value;",
        `  ${this.write(ok, "value")}`,
        "} else {",
        "  const error = v.error;",
        `  ${this.write(err, "error")}`,
        "}",
      ],
      [
        `if (r.u8() == 0) return Result.ok<${names}>(${this.read(ok)});`,
        `return Result.err<${names}>(${this.read(err)});`,
      ],
    ];
  }

  #sum(type: NamedType): [string[], string[]] {
    const write = type.fields.map(
      ({ name, type: each }, tag) =>
        `if (v.tag == ${tag}) { ${each.kind === "unit" ? "" : this.write(each, `v.${name}`)} return; }`,
    );
    const read = type.fields.map(({ name, type: each }, tag) => {
      const value = each.kind === "unit" ? "" : this.read(each);
      return `if (tag == ${tag}) return $${type.name}.${name}(${value});`;
    });
    return [
      ["w.u8(<u8>v.tag);", ...write],
      ["const tag = r.u8();", ...read, "return unreachable();"],
    ];
  }

  // Neighbours of fixed size share one check of the buffer's end.
  #product(type: NamedType): [string[], string[]] {
    const write: string[] = [];
    const read = [
      `const v = changetype<$${type.name}>(__new(offsetof<$${type.name}>(), idof<$${type.name}>()));`,
    ];
    for (const run of runs(type.fields)) {
      const [first] = run;
      if (first === undefined) continue;
      if (storedSize(first.type) === undefined) {
        write.push(this.write(first.type, `v.${first.name}`));
        read.push(`v.${first.name} = ${this.read(first.type)};`);
        continue;
      }
      const at = `p_${first.name}`;
      let offset = 0;
      const stores: string[] = [];
      const loads: string[] = [];
      for (const { name, type: each } of run) {
        const as = storedAs(each);
        const isEnum = each.kind === "named";
        const loaded = `load<${as}>(${at}, ${offset})`;
        stores.push(`store<${as}>(${at}, <${as}>v.${name}, ${offset});`);
        const value = isEnum ? `<${typeName(each)}>${loaded}` : loaded;
        const isBool = each.kind === "primitive" && each.primitive === "bool";
        loads.push(`v.${name} = ${isBool ? `${loaded} != 0` : value};`);
        offset += storedSize(each) ?? 0;
      }
      write.push(`const ${at} = w.take(${offset});`, ...stores);
      read.push(`const ${at} = r.take(${offset});`, ...loads);
    }
    return [write, [...read, "return v;"]];
  }
}

// Groups of neighbours that are stored by one store each; all other fields stand alone.
function runs(fields: readonly Field[]): Field[][] {
  const groups: Field[][] = [];
  let isOpen = false;
  for (const field of fields) {
    const isStored = storedSize(field.type) !== undefined;
    const last = groups.at(-1);
    if (isStored && isOpen && last !== undefined) last.push(field);
    else groups.push([field]);
    isOpen = isStored;
  }
  return groups;
}
