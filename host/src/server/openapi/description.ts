// What a route takes and what it answers, as data beside its handler. The OpenAPI document is made of this, and tests hold
// every answer against it.

/** A JSON Schema (2020-12), as far as the descriptions use it. */
export interface Schema {
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean" | "null";
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly (string | number)[];
  readonly const?: string | number | boolean;
  readonly pattern?: string;
  readonly format?: "binary" | "int64";
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: string | number | boolean;
}

/** A parameter of the query. Unknown ones are ignored everywhere. */
export interface Parameter {
  readonly name: string;
  readonly description: string;
  readonly schema: Schema;
  readonly isRequired?: boolean;
}

/** The body of a request. */
export interface BodyDescription {
  readonly description: string;
  /** What it may be announced as; where this is no matter, what fits it best. */
  readonly contentType: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

/** One status that a route answers with. */
export interface AnswerDescription {
  readonly description: string;
  /** By content type, written as it is sent; empty for an answer without a body. */
  readonly content: Readonly<Record<string, Schema>>;
  /** Headers beside those that all routes have, with what they tell. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** By status. "default" stands for all that are not named: a module's own routes may answer anything. */
export type Answers = Readonly<Record<number, AnswerDescription>> & {
  readonly default?: AnswerDescription;
};

export interface RouteDescription {
  readonly query?: readonly Parameter[];
  readonly body?: BodyDescription;
  /** Those that the handler knows of; what path, credentials and body bring along is added by `answersOf`. */
  readonly answers: Answers;
}

export const plainText = "text/plain; charset=utf-8";
export const jsonType = "application/json";

/** An answer that is text for people: most refusals. */
export function textAnswer(
  description: string,
  headers?: Readonly<Record<string, string>>,
): AnswerDescription {
  const content = { [plainText]: { type: "string" } as const };
  return headers === undefined ? { description, content } : { description, content, headers };
}

export function jsonAnswer(
  description: string,
  schema: Schema,
  headers?: Readonly<Record<string, string>>,
): AnswerDescription {
  const content = { [jsonType]: schema };
  return headers === undefined ? { description, content } : { description, content, headers };
}

/** An answer without body and content type. */
export function emptyAnswer(description: string): AnswerDescription {
  return { description, content: {} };
}

/** Two answers with one status. */
export function either(a: AnswerDescription, b: AnswerDescription): AnswerDescription {
  const description =
    a.description === b.description ? a.description : `${a.description}; or ${b.description}`;
  const headers = { ...a.headers, ...b.headers };
  return { description, content: { ...a.content, ...b.content }, headers };
}

/** An object all of whose members are there, and maybe others in later versions. */
export function object(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: "object", properties, required: Object.keys(properties) };
}

export const string: Schema = { type: "string" };
export const identityHex: Schema = {
  type: "string",
  pattern: "^[0-9a-fA-F]{64}$",
  description: "An identity as 64 hex digits",
};
/** As SATS-JSON has it. */
export const identityObject: Schema = object({
  __identity__: { type: "string", pattern: "^0x[0-9a-f]{1,64}$" },
});
export const hashJson: Schema = {
  type: "string",
  pattern: "^0x[0-9a-f]{1,64}$",
  description: "A hash, its bytes read as a little-endian number",
};
export const tokenSchema: Schema = { type: "string", description: "A JSON Web Token" };
export const bytesSchema: Schema = { type: "string", format: "binary" };

/** The refusal of a route that a database answers, while that is closed: a failed disk, a restart. */
export const unavailable: AnswerDescription = textAnswer(
  "The database is closed for now: try again",
);
/** The refusal of what only an owner may do. */
export const notOwner: AnswerDescription = textAnswer("The caller does not own the database");

/** The refusal of what an owner may let others do. */
export const notPermitted: AnswerDescription = textAnswer(
  "The caller neither owns the database nor has a role that allows this",
);

/** The header of answers that a module's code had a part in. */
export const tellsDuration: Readonly<Record<string, string>> = {
  "spacetime-execution-duration-micros": "How long it ran, in microseconds",
};
