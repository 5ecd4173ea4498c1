// Submodules are flattened: their objects join the root's with dotted names, their types with
// shifted references, their functions with continued ids (module-def.md sections 6.2 and 7, abi.md
// 7.6).
import type { AlgebraicType, Element, ProductType } from "../sats/type.ts";
import type { ModuleDef, ReducerDef, TableDef, ViewDef } from "./def.ts";
import { duplicates } from "./fault.ts";
import { identifierFault } from "./names.ts";

/** Most bytes of a namespace. */
const namespaceLengthMax = 63;

/** What is wrong with the namespaces of one module's submodules. */
export function namespaceFaults(namespaces: readonly string[]): string[] {
  const faults: string[] = [];
  for (const namespace of namespaces) {
    const fault = identifierFault(namespace);
    if (fault !== undefined) faults.push(`submodule \`${namespace}\`: its namespace ${fault}`);
    if (new TextEncoder().encode(namespace).length > namespaceLengthMax) {
      faults.push(`submodule \`${namespace}\`: its namespace is over ${namespaceLengthMax} bytes`);
    }
  }
  for (const namespace of duplicates(namespaces)) {
    faults.push(`submodule \`${namespace}\`: its namespace is used twice`);
  }
  return faults;
}

/**
 * The definition of `root` with the objects of `inner` in it. Routes and row rules of submodules do
 * not count.
 */
export function mergeSubmodule(root: ModuleDef, namespace: string, inner: ModuleDef): ModuleDef {
  return new Merger(root, namespace).merge(inner);
}

class Merger {
  readonly #root: ModuleDef;
  readonly #namespace: string;
  readonly #refShift: number;

  constructor(root: ModuleDef, namespace: string) {
    this.#root = root;
    this.#namespace = namespace;
    this.#refShift = root.typespace.length;
  }

  merge(inner: ModuleDef): ModuleDef {
    const root = this.#root;
    const shifted = (type: AlgebraicType): AlgebraicType => this.#shifted(type);
    return {
      ...root,
      typespace: [...root.typespace, ...inner.typespace.map(shifted)],
      types: [
        ...root.types,
        ...inner.types.map(({ scope, name, ref }) => ({
          scope: [this.#namespace, ...scope],
          name,
          ref: ref + this.#refShift,
        })),
      ],
      tables: [...root.tables, ...inner.tables.map((table) => this.#table(table))],
      reducers: [...root.reducers, ...inner.reducers.map((reducer) => this.#reducer(reducer))],
      procedures: [
        ...root.procedures,
        ...inner.procedures.map((procedure) => ({
          ...procedure,
          ...this.#function(procedure, root.procedures.length),
          returnType: shifted(procedure.returnType),
        })),
      ],
      views: [...root.views, ...inner.views.map((view) => this.#view(view))],
    };
  }

  #dotted(name: string): string {
    return `${this.#namespace}.${name}`;
  }

  #named<T extends { readonly name: string }>(object: T): T {
    return { ...object, name: this.#dotted(object.name) };
  }

  #shifted(type: AlgebraicType): AlgebraicType {
    switch (type.kind) {
      case "ref":
        return { kind: "ref", ref: type.ref + this.#refShift };
      case "array":
        return { kind: "array", element: this.#shifted(type.element) };
      case "product":
        return this.#shiftedProduct(type);
      case "sum":
        return { kind: "sum", variants: this.#shiftedElements(type.variants) };
      default:
        return type;
    }
  }

  #shiftedProduct(type: ProductType): ProductType {
    return { kind: "product", elements: this.#shiftedElements(type.elements) };
  }

  #shiftedElements(elements: readonly Element[]): Element[] {
    return elements.map(({ name, type }) => ({ name, type: this.#shifted(type) }));
  }

  #table(table: TableDef): TableDef {
    const { schedule } = table;
    return {
      ...this.#named(table),
      sourceName: this.#dotted(table.sourceName),
      productTypeRef: table.productTypeRef + this.#refShift,
      columns: table.columns.map((column) => ({ ...column, type: this.#shifted(column.type) })),
      indexes: table.indexes.map((index) => ({
        ...this.#named(index),
        sourceName: this.#dotted(index.sourceName),
      })),
      constraints: table.constraints.map((constraint) => this.#named(constraint)),
      sequences: table.sequences.map((sequence) => this.#named(sequence)),
      schedule: schedule && {
        ...this.#named(schedule),
        functionName: this.#dotted(schedule.functionName),
      },
    };
  }

  #function<
    T extends {
      readonly id: number;
      readonly name: string;
      readonly sourceName: string;
      readonly params: ProductType;
    },
  >(callable: T, idShift: number): Pick<T, "id" | "name" | "sourceName" | "params"> {
    return {
      id: callable.id + idShift,
      name: this.#dotted(callable.name),
      sourceName: this.#dotted(callable.sourceName),
      params: this.#shiftedProduct(callable.params),
    };
  }

  #reducer(reducer: ReducerDef): ReducerDef {
    return { ...reducer, ...this.#function(reducer, this.#root.reducers.length) };
  }

  #view(view: ViewDef): ViewDef {
    // Anonymous views and views that know their sender are numbered apart.
    const before = this.#root.views.filter(({ isAnonymous }) => isAnonymous === view.isAnonymous);
    return {
      ...view,
      index: view.index + before.length,
      name: this.#dotted(view.name),
      sourceName: this.#dotted(view.sourceName),
      params: this.#shiftedProduct(view.params),
      returnType: this.#shifted(view.returnType),
    };
  }
}
