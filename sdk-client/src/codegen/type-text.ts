// A type as two pieces of text: what the compiler is told of its values, and the expression that describes it at run time.
// `sdk` is the name under which generated files import the runtime; user's types can never be called that.
import {
  type AlgebraicType,
  type Element,
  isBytes,
  isUnit,
  optionIsBoxed,
  resolve,
  specialKind,
  type SpecialKind,
  type Typespace,
} from "@lightcone/abi";
import { block } from "./text.ts";

/** What the references of types lead to. */
export interface TypeScope {
  readonly types: Typespace;
  /** How the type at that position is called here. */
  readonly nameAt: (position: number) => string;
}

type WrapperKind = Exclude<SpecialKind, "option" | "result" | "query">;

const wrapperTypes: Readonly<Record<WrapperKind, string>> = {
  identity: "sdk.Identity",
  connectionId: "sdk.ConnectionId",
  timestamp: "sdk.Timestamp",
  timeDuration: "sdk.TimeDuration",
  uuid: "sdk.Uuid",
  scheduleAt: "sdk.ScheduleAt",
};

const wrapperExpressions: Readonly<Record<WrapperKind, string>> = {
  identity: "sdk.identityType",
  connectionId: "sdk.connectionIdType",
  timestamp: "sdk.timestampType",
  timeDuration: "sdk.timeDurationType",
  uuid: "sdk.uuidType",
  scheduleAt: "sdk.scheduleAtType",
};

function wrapperKind(type: AlgebraicType): WrapperKind | undefined {
  const kind = specialKind(type);
  return kind === "option" || kind === "result" || kind === "query" ? undefined : kind;
}

/** The TypeScript type of a type's values: abi's value.ts in writing. */
export function typeText(type: AlgebraicType, scope: TypeScope): string {
  const wrapper = wrapperKind(type);
  if (wrapper !== undefined) return wrapperTypes[wrapper];
  switch (type.kind) {
    case "ref":
      return scope.nameAt(type.ref);
    case "array":
      return isBytes(type) ? "Uint8Array" : `readonly ${atom(typeText(type.element, scope))}[]`;
    case "product":
      return isUnit(type) ? "sdk.Unit" : objectText(type.elements, scope);
    case "sum":
      return sumTexts(type, scope).join(" | ");
    case "bool":
      return "boolean";
    case "string":
      return "string";
    case "i64":
    case "u64":
    case "i128":
    case "u128":
    case "i256":
    case "u256":
      return "bigint";
    default:
      return "number";
  }
}

// What may stand in front of `[]`.
function atom(text: string): string {
  return /^[\w.$]+$/u.test(text) ? text : `(${text})`;
}

function objectText(elements: readonly Element[], scope: TypeScope): string {
  return `{ ${elements.map((each) => fieldText(each, scope)).join(" ")} }`;
}

/** One field of an object type, with its semicolon. */
export function fieldText({ name = "", type }: Element, scope: TypeScope): string {
  return `readonly ${name}: ${typeText(type, scope)};`;
}

/** The members of a sum's union. */
export function sumTexts(
  type: Extract<AlgebraicType, { readonly kind: "sum" }>,
  scope: TypeScope,
): string[] {
  const { variants } = type;
  const [first, second] = variants;
  const special = specialKind(type);
  if (special === "option" && first !== undefined) {
    const content = typeText(first.type, scope);
    const isBoxed = optionIsBoxed(first.type, scope.types);
    return [isBoxed ? `{ readonly some: ${content} }` : content, "undefined"];
  }
  if (special === "result" && first !== undefined && second !== undefined) {
    return [
      `{ readonly ok: ${typeText(first.type, scope)} }`,
      `{ readonly err: ${typeText(second.type, scope)} }`,
    ];
  }
  if (variants.length === 0) return ["never"];
  return variants.map(({ name = "", type: payload }) => {
    const value = isUnit(resolve(payload, scope.types))
      ? "readonly value?: undefined"
      : `readonly value: ${typeText(payload, scope)}`;
    return `{ readonly tag: ${JSON.stringify(name)}; ${value} }`;
  });
}

/** The expression that makes the type at run time, on one line. */
export function expressionText(type: AlgebraicType): string {
  const wrapper = wrapperKind(type);
  if (wrapper !== undefined) return wrapperExpressions[wrapper];
  switch (type.kind) {
    case "ref":
      return `sdk.ref(${type.ref})`;
    case "array":
      return isBytes(type) ? "sdk.bytesType" : `sdk.array(${expressionText(type.element)})`;
    case "product":
      return isUnit(type) ? "sdk.unitType" : `sdk.product({ ${entryTexts(type.elements)} })`;
    case "sum": {
      const [some] = type.variants;
      const isOption = specialKind(type) === "option" && some !== undefined;
      if (isOption) return `sdk.option(${expressionText(some.type)})`;
      return type.variants.length === 0
        ? "sdk.sum({})"
        : `sdk.sum({ ${entryTexts(type.variants)} })`;
    }
    default:
      return `sdk.primitive("${type.kind}")`;
  }
}

function entryTexts(elements: readonly Element[]): string {
  return elements.map(entryText).join(", ");
}

/** One entry of the object that describes a product's fields or a sum's variants. */
function entryText({ name = "", type }: Element): string {
  return `${name}: ${expressionText(type)}`;
}

/** As expressionText, but with a line for each field or variant. */
export function longExpression(type: AlgebraicType): string {
  if (specialKind(type) !== undefined || isUnit(type)) return expressionText(type);
  if (type.kind === "product") {
    return block(
      "sdk.product({",
      type.elements.map((each) => `${entryText(each)},`),
      "})",
    );
  }
  if (type.kind === "sum") {
    return block(
      "sdk.sum({",
      type.variants.map((each) => `${entryText(each)},`),
      "})",
    );
  }
  return expressionText(type);
}
