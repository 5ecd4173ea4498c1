// Predicates with names and types resolved (sql-and-subscriptions.md sections 3 and 4).
import {
  type AlgebraicType,
  identityType,
  isBytes,
  type LightconeError,
  Reader,
  typesEqual,
} from "@lightcone/abi";
import { bindIn, bindIsNull, bindLike, bindPayload, payloadOf } from "./bind-wide.ts";
import { encodeVariant, variantHint } from "./variant.ts";
import type { BoundColumn, BoundPredicate } from "./bound.ts";
import { faultAt, literalFault, shown } from "../fault.ts";
import type { ParameterUse } from "../parse/parameter.ts";
import { encodeLiteral, encodeSender } from "./literal.ts";
import { type Names, RelationNames, type Scope } from "./names.ts";
import { mayBeUnknown, negate } from "./negate.ts";
import { mirrored } from "./operator.ts";
import { comparisonOf, asPredicate, joined, type Operand } from "./operand.ts";
import type {
  ColumnName,
  CompareOperator,
  Comparison,
  Expression,
  Like,
  Literal,
} from "../parse/tree.ts";
import { isComparable, isPlainEnum, typeName } from "./type-name.ts";

const boolType: AlgebraicType = { kind: "bool" };
const stringType: AlgebraicType = { kind: "string" };

/** An expression that stands for a column of a row. */
type ColumnLike = Extract<Expression, { kind: "column" | "aggregate" }>;

function isColumnLike(expression: Expression): expression is ColumnLike {
  return expression.kind === "column" || expression.kind === "aggregate";
}

/** Resolves the expressions of one query. Every fault is LC_SQL_NAME or LC_SQL_TYPE. */
export class ExpressionBinder {
  readonly #scope: Scope;
  readonly #names: Names;
  #usesSender = false;

  /** `names` are those of the scope's relations, unless given. */
  constructor(scope: Scope, names: Names = new RelationNames(scope)) {
    this.#scope = scope;
    this.#names = names;
  }

  /** Whether `:sender` occurred, so that the result depends on the caller. */
  get usesSender(): boolean {
    return this.#usesSender;
  }

  /** The place of a column of one of the first `visibleCount` relations. */
  column(name: ColumnName, visibleCount?: number): BoundColumn {
    return this.#names.column(name, visibleCount);
  }

  /** The type of a column. */
  columnType(column: BoundColumn): AlgebraicType {
    return this.#names.columnType(column);
  }

  predicate(expression: Expression): BoundPredicate {
    switch (expression.kind) {
      case "and":
      case "or": {
        const parts = expression.parts.map((part) => this.predicate(part));
        const list = expression.kind === "or" && this.#scope.isWide === true;
        const asIn = list ? bindIn(parts, (column) => this.columnType(column)) : undefined;
        return asIn ?? joined(expression.kind, parts);
      }
      case "comparison":
        return this.#comparison(expression);
      case "not":
        return negate(this.predicate(expression.inner));
      case "in":
        return this.#in(expression);
      case "like": {
        const { column, type } = this.#columnOperand(expression.operand, "LIKE");
        return bindLike(expression, this.#patternText(expression), column, type, this.#scope.text);
      }
      case "isNull": {
        const { column, type } = this.#columnOperand(expression.operand, "IS NULL");
        return bindIsNull(expression, column, type, this.#scope.text);
      }
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
      case "aggregate":
        return this.columnType(this.#columnOf(expression));
      case "sender":
        return identityType;
      default:
        return boolType;
    }
  }

  #columnOf(expression: ColumnLike): BoundColumn {
    return expression.kind === "column"
      ? this.column(expression)
      : this.#names.aggregate(expression);
  }

  /** The column that stands before a word of the wide dialect. */
  #columnOperand(
    expression: Expression,
    word: string,
  ): { readonly column: BoundColumn; readonly type: AlgebraicType } {
    if (!isColumnLike(expression)) {
      const message = `Unsupported expression: ${word} behind what is no column`;
      throw faultAt("LC_SQL_UNSUPPORTED", message, this.#scope.text, expression.at);
    }
    const column = this.#columnOf(expression);
    return { column, type: this.columnType(column) };
  }

  /** An Option or a sum compared with a constant, which the reference has not; undefined for everything else. */
  #payloadComparison({ operator, left, right, at }: Comparison): BoundPredicate | undefined {
    if (isColumnLike(left) === isColumnLike(right)) return undefined;
    const [given, constant] = isColumnLike(left) ? [left, right] : [right, left];
    if (constant.kind !== "literal" && constant.kind !== "sender") return undefined;
    const { column, type } = this.#columnOperand(given, operator);
    const payload = payloadOf(type);
    if (payload === undefined) return undefined;
    const inOrder = given === left ? operator : mirrored[operator];
    const operand = this.#operand(constant, payload.type);
    if (operand.kind !== "constant") return undefined;
    if (!payload.isTag) this.#checkComparable(operator, payload.type, at);
    else if (operator !== "=" && operator !== "<>") throw this.#badOperator(operator, type, at);
    return bindPayload(inOrder, column, payload, operand.value);
  }

  #patternText({ pattern }: Like): string {
    if (pattern.parameter === undefined) return pattern.text;
    return new Reader(this.literal(pattern, stringType)).string();
  }

  #in({ operand, values, at }: Extract<Expression, { kind: "in" }>): BoundPredicate {
    const parts = values.map((right) =>
      this.#comparison({ kind: "comparison", operator: "=", left: operand, right, at }),
    );
    return bindIn(parts, (column) => this.columnType(column)) ?? joined("or", parts);
  }

  #comparison(comparison: Comparison): BoundPredicate {
    if (this.#scope.isWide === true) {
      const payload = this.#payloadComparison(comparison);
      if (payload !== undefined) return payload;
    }
    const { operator, left, right, at } = comparison;
    const type = this.#commonType(comparison);
    const operands: [Operand, Operand] = [this.#operand(left, type), this.#operand(right, type)];
    this.#checkComparable(operator, type, at);
    for (const operand of operands) {
      if (operand.kind !== "predicate" || !mayBeUnknown(operand.predicate)) continue;
      const message = "Unsupported expression: a condition on an Option compared with another";
      throw faultAt("LC_SQL_UNSUPPORTED", message, this.#scope.text, at);
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
    const isEquality = operator === "=" || operator === "<>";
    if (this.#scope.isWide === true && isEquality && isPlainEnum(type)) return;
    throw this.#badOperator(operator, type, at);
  }

  #badOperator(operator: CompareOperator, type: AlgebraicType, at: number): LightconeError {
    const message = `Invalid binary operator \`${operator}\` for type \`${typeName(type)}\``;
    return this.#fault("LC_SQL_TYPE", message, at);
  }

  #operand(expression: Expression, type: AlgebraicType): Operand {
    switch (expression.kind) {
      case "literal":
        return { kind: "constant", value: this.literal(expression, type) };
      case "sender":
        this.#usesSender = true;
        return { kind: "constant", value: encodeSender(this.#scope.caller.identity, type) };
      case "column":
      case "aggregate":
        return { kind: "column", column: this.#columnOf(expression) };
      default:
        return { kind: "predicate", predicate: this.predicate(expression) };
    }
  }

  /** The BSATN of a literal read as `type`; `use` says what for, which matters for parameters. */
  literal(literal: Literal, type: AlgebraicType, use: ParameterUse = "compared"): Uint8Array {
    const isVariant = this.#scope.isWide === true && type.kind === "sum";
    const { parameter } = literal;
    let value: Uint8Array | undefined;
    if (parameter !== undefined) value = parameter.encode(type, use);
    else value = isVariant ? encodeVariant(literal, type) : encodeLiteral(literal, type);
    if (value !== undefined) return value;
    const near = isVariant ? variantHint(literal, type) : "";
    const message = `The literal expression \`${shown(literal.text)}\` cannot be parsed as type \`${typeName(type)}\`${near}`;
    throw literalFault(message, this.#scope.text, literal.at);
  }

  #mismatch(expected: AlgebraicType, inferred: AlgebraicType, at: number): LightconeError {
    const names = `(expected) ${typeName(expected)} != ${typeName(inferred)} (inferred)`;
    return this.#fault("LC_SQL_TYPE", `Unexpected type: ${names}`, at);
  }

  #fault(code: "LC_SQL_NAME" | "LC_SQL_TYPE", message: string, at: number): LightconeError {
    return faultAt(code, message, this.#scope.text, at);
  }
}
