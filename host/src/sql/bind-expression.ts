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
import type { BoundColumn, BoundPredicate } from "./bound.ts";
import { faultAt, shown } from "./fault.ts";
import { encodeLiteral, encodeSender } from "./literal.ts";
import { mirrored, outcome, outcomesOf } from "./operator.ts";
import { hiddenColumnCount, type Relation } from "./relation.ts";
import type { ColumnName, CompareOperator, Comparison, Expression, Literal } from "./tree.ts";
import { isComparable, typeName } from "./type-name.ts";
import type { SqlCaller } from "./visibility.ts";

/** What names in an expression may refer to. */
export interface Scope {
  readonly view: ReadView;
  readonly caller: SqlCaller;
  /** With names that differ. Where there are several, columns must say of which they are. */
  readonly relations: readonly Relation[];
  /** The SQL, for messages. */
  readonly text: string;
}

const boolType: AlgebraicType = { kind: "bool" };
const trueBytes = Uint8Array.of(1);

type Operand =
  | { readonly kind: "constant"; readonly value: Uint8Array }
  | { readonly kind: "column"; readonly column: BoundColumn }
  | { readonly kind: "predicate"; readonly predicate: BoundPredicate };

/** Resolves the expressions of one query. Every fault is LC_SQL_NAME or LC_SQL_TYPE. */
export class ExpressionBinder {
  readonly #scope: Scope;
  /** Columns found before: looking up an alias is a search in a system table. */
  readonly #columns = new Map<string, BoundColumn>();
  #usesSender = false;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** Whether `:sender` occurred, so that the result depends on the caller. */
  get usesSender(): boolean {
    return this.#usesSender;
  }

  /** The relation that a qualifier, or its absence, stands for among the first `visibleCount`. */
  #relation({ qualifier, column, at }: ColumnName, visibleCount: number): number {
    const { relations } = this.#scope;
    if (qualifier === undefined) {
      if (relations.length === 1) return 0;
      const message = "Names must be qualified when using joins";
      throw this.#fault("LC_SQL_NAME", `${message}: \`${column}\``, at);
    }
    const relation = relations.findIndex(({ name }) => name === qualifier);
    if (relation >= 0 && relation < visibleCount) return relation;
    throw this.#fault("LC_SQL_NAME", `\`${qualifier}\` is not in scope`, at);
  }

  /**
   * The place of a column of one of the first `visibleCount` relations. An alias that the module gave comes before a
   * canonical name.
   */
  column(name: ColumnName, visibleCount: number = this.#scope.relations.length): BoundColumn {
    const relation = this.#relation(name, visibleCount);
    const known = this.#columns.get(`${relation} ${name.column}`);
    if (known !== undefined) return known;
    const { view, relations } = this.#scope;
    const found = relations[relation] as Relation;
    const { schema } = found.table;
    const canonical = view.columnByAlias(schema.name, name.column) ?? name.column;
    const hidden = hiddenColumnCount(found);
    const column = schema.columns.findIndex((each, i) => i >= hidden && each.name === canonical);
    if (column < 0) {
      const message = `\`${found.name}\` does not have a field \`${name.column}\``;
      throw this.#fault("LC_SQL_NAME", message, name.at);
    }
    const bound = { relation, column };
    this.#columns.set(`${relation} ${name.column}`, bound);
    return bound;
  }

  /** The type of a column. */
  columnType({ relation, column }: BoundColumn): AlgebraicType {
    const { layout } = (this.#scope.relations[relation] as Relation).table;
    return layout.columnTypes[column] as AlgebraicType;
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
        return this.columnType(this.column(expression));
      case "sender":
        return identityType;
      default:
        return boolType;
    }
  }

  #comparison(comparison: Comparison): BoundPredicate {
    const { operator, left, right, at } = comparison;
    const type = this.#commonType(comparison);
    const operands: [Operand, Operand] = [this.#operand(left, type), this.#operand(right, type)];
    this.#checkComparable(operator, type, at);
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

  /** Two columns that must be equal. Throws unless their type is one and comparable. */
  equality(left: ColumnName, right: ColumnName, visibleCount: number): [BoundColumn, BoundColumn] {
    const columns: [BoundColumn, BoundColumn] = [
      this.column(left, visibleCount),
      this.column(right, visibleCount),
    ];
    const [leftType, rightType] = [this.columnType(columns[0]), this.columnType(columns[1])];
    if (!typesEqual(leftType, rightType)) throw this.#mismatch(leftType, rightType, left.at);
    this.#checkComparable("=", leftType, left.at);
    return columns;
  }

  #checkComparable(operator: CompareOperator, type: AlgebraicType, at: number): void {
    if (isComparable(type)) return;
    const message = `Invalid binary operator \`${operator}\` for type \`${typeName(type)}\``;
    throw this.#fault("LC_SQL_TYPE", message, at);
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
