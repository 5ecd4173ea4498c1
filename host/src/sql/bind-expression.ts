// Predicates with names and types resolved (sql-and-subscriptions.md sections 3 and 4).
import {
  type AlgebraicType,
  identityType,
  isBytes,
  type LightconeError,
  typesEqual,
} from "@lightcone/abi";
import type { ReadView } from "../datastore/datastore.ts";
import { compileCompare } from "../datastore/key.ts";
import type { Table } from "../datastore/table.ts";
import type { BoundPredicate } from "./bound.ts";
import { faultAt, shown } from "./fault.ts";
import { encodeLiteral, encodeSender } from "./literal.ts";
import { mirrored, outcome, outcomesOf } from "./operator.ts";
import type { ColumnName, CompareOperator, Comparison, Expression, Literal } from "./tree.ts";
import { isComparable, typeName } from "./type-name.ts";
import type { SqlCaller } from "./visibility.ts";

/** What names in an expression may refer to. */
export interface Scope {
  readonly view: ReadView;
  readonly caller: SqlCaller;
  readonly table: Table;
  /** The alias of the table, which hides its name, or else the name as written. */
  readonly name: string;
  /** The SQL, for messages. */
  readonly text: string;
}

const boolType: AlgebraicType = { kind: "bool" };
const trueBytes = Uint8Array.of(1);

type Operand =
  | { readonly kind: "constant"; readonly value: Uint8Array }
  | { readonly kind: "column"; readonly column: number }
  | { readonly kind: "predicate"; readonly predicate: BoundPredicate };

/** Resolves the expressions of one query. Every fault is LC_SQL_NAME or LC_SQL_TYPE. */
export class ExpressionBinder {
  readonly #scope: Scope;
  /** Columns found before: looking up an alias is a search in a system table. */
  readonly #columns = new Map<string, number>();
  #usesSender = false;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** Whether `:sender` occurred, so that the result depends on the caller. */
  get usesSender(): boolean {
    return this.#usesSender;
  }

  /** The position of a column. An alias that the module gave comes before a canonical name. */
  column({ qualifier, column, at }: ColumnName): number {
    const { table, view, name } = this.#scope;
    if (qualifier !== undefined && qualifier !== name) {
      throw this.#fault("LC_SQL_NAME", `\`${qualifier}\` is not in scope`, at);
    }
    const known = this.#columns.get(column);
    if (known !== undefined) return known;
    const { schema } = table;
    const canonical = view.columnByAlias(schema.name, column) ?? column;
    const position = schema.columns.findIndex((each) => each.name === canonical);
    if (position < 0) {
      throw this.#fault("LC_SQL_NAME", `\`${name}\` does not have a field \`${column}\``, at);
    }
    this.#columns.set(column, position);
    return position;
  }

  predicate(expression: Expression): BoundPredicate {
    switch (expression.kind) {
      case "and":
      case "or":
        return joined(
          expression.kind,
          expression.parts.map((part) => this.predicate(part)),
        );
      case "comparison":
        return this.#comparison(expression);
      default: {
        const type = this.#typeOf(expression) ?? boolType;
        if (type.kind !== "bool") throw this.#mismatch(boolType, type, expression.at);
        return asPredicate(this.#operand(expression, boolType));
      }
    }
  }

  /** The type of an expression by itself; a literal other than TRUE and FALSE has none. */
  #typeOf(expression: Expression): AlgebraicType | undefined {
    switch (expression.kind) {
      case "literal":
        return expression.form === "bool" ? boolType : undefined;
      case "column":
        return this.#columnType(this.column(expression));
      case "sender":
        return identityType;
      default:
        return boolType;
    }
  }

  #columnType(column: number): AlgebraicType {
    return this.#scope.table.layout.columnTypes[column] as AlgebraicType;
  }

  #comparison(comparison: Comparison): BoundPredicate {
    const { operator, left, right, at } = comparison;
    const type = this.#commonType(comparison);
    const operands: [Operand, Operand] = [this.#operand(left, type), this.#operand(right, type)];
    if (!isComparable(type)) {
      const message = `Invalid binary operator \`${operator}\` for type \`${typeName(type)}\``;
      throw this.#fault("LC_SQL_TYPE", message, at);
    }
    return comparisonOf(operator, type, ...operands);
  }

  #commonType({ left, right, at }: Comparison): AlgebraicType {
    const leftType = this.#typeOf(left);
    const rightType = this.#typeOf(right);
    const type = leftType ?? rightType;
    if (type === undefined) {
      throw this.#fault("LC_SQL_TYPE", "Cannot resolve type for literal expression", at);
    }
    if (leftType === undefined || rightType === undefined) return type;
    // Beside bytes the sender is bytes.
    if (left.kind === "sender" && isBytes(rightType)) return rightType;
    if (right.kind === "sender" && isBytes(leftType)) return leftType;
    if (!typesEqual(leftType, rightType)) throw this.#mismatch(leftType, rightType, at);
    return type;
  }

  #operand(expression: Expression, type: AlgebraicType): Operand {
    switch (expression.kind) {
      case "literal":
        return { kind: "constant", value: this.literal(expression, type) };
      case "sender":
        this.#usesSender = true;
        return { kind: "constant", value: encodeSender(this.#scope.caller.identity, type) };
      case "column":
        return { kind: "column", column: this.column(expression) };
      default:
        return { kind: "predicate", predicate: this.predicate(expression) };
    }
  }

  /** The BSATN of a literal read as `type`. */
  literal(literal: Literal, type: AlgebraicType): Uint8Array {
    const value = encodeLiteral(literal, type);
    if (value !== undefined) return value;
    const name = typeName(type);
    const message = `The literal expression \`${shown(literal.text)}\` cannot be parsed as type \`${name}\``;
    throw this.#fault("LC_SQL_TYPE", message, literal.at);
  }

  #mismatch(expected: AlgebraicType, inferred: AlgebraicType, at: number): LightconeError {
    const names = `(expected) ${typeName(expected)} != ${typeName(inferred)} (inferred)`;
    return this.#fault("LC_SQL_TYPE", `Unexpected type: ${names}`, at);
  }

  #fault(code: "LC_SQL_NAME" | "LC_SQL_TYPE", message: string, at: number): LightconeError {
    return faultAt(code, message, this.#scope.text, at);
  }
}

/** An operand of type Bool as a predicate; a column is true where it holds TRUE. */
function asPredicate(operand: Operand): BoundPredicate {
  switch (operand.kind) {
    case "constant":
      return { kind: "constant", value: operand.value[0] === 1 };
    case "column": {
      const { column } = operand;
      return { kind: "compareConstant", operator: "=", column, value: trueBytes };
    }
    default:
      return operand.predicate;
  }
}

/** A comparison of two operands of one type; two constants are compared at once. */
function comparisonOf(
  operator: CompareOperator,
  type: AlgebraicType,
  left: Operand,
  right: Operand,
): BoundPredicate {
  if (left.kind === "predicate" || right.kind === "predicate") {
    const [first, second] = [asPredicate(left), asPredicate(right)];
    return { kind: "comparePredicates", operator, left: first, right: second };
  }
  if (left.kind === "constant" && right.kind === "constant") {
    const order = compileCompare(type)(left.value, 0, right.value, 0);
    return { kind: "constant", value: outcome(outcomesOf[operator], order) };
  }
  if (left.kind === "constant") return comparisonOf(mirrored[operator], type, right, left);
  if (right.kind === "column") {
    return { kind: "compareColumns", operator, left: left.column, right: right.column };
  }
  return { kind: "compareConstant", operator, column: left.column, value: right.value };
}

/** Parts joined by one word: chains become one list, constants go away or decide. */
function joined(kind: "and" | "or", parts: readonly BoundPredicate[]): BoundPredicate {
  const kept: BoundPredicate[] = [];
  const deciding = kind === "or";
  for (const part of parts) {
    if (part.kind === "constant") {
      if (part.value === deciding) return part;
    } else if (part.kind === kind) {
      for (const inner of part.parts) kept.push(inner);
    } else {
      kept.push(part);
    }
  }
  if (kept.length === 0) return { kind: "constant", value: !deciding };
  return kept.length === 1 ? (kept[0] as BoundPredicate) : { kind, parts: kept };
}
