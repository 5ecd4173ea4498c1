// What the routes of publishing take and answer (http-and-auth.md section 4).
import {
  type AnswerDescription,
  type Answers,
  type BodyDescription,
  bytesSchema,
  hashJson,
  identityHex,
  jsonAnswer,
  object,
  type Parameter,
  type Schema,
  string,
  textAnswer,
  unavailable,
} from "../openapi/description.ts";
import { moduleFailedStatus } from "../status.ts";

export const hostTypeParameter: Parameter = {
  name: "host_type",
  description: "What the program is for; this host runs WebAssembly alone",
  schema: { type: "string", enum: ["Wasm", "Js"], default: "Wasm" },
};

export const replicasParameter: Parameter = {
  name: "num_replicas",
  description: "For clusters; looked at no further here",
  schema: { type: "integer", minimum: 0, maximum: 255 },
};

export const timeoutParameter: Parameter = {
  name: "update_confirmation_timeout",
  description:
    "How long the answer may wait until the program is durable, for instance `500ms` or `1m 30s`; 5 minutes at most",
  schema: { type: "string", default: "5s" },
};

export const styleParameter: Parameter = {
  name: "style",
  description: "Whether the plan has colours for a terminal",
  schema: { type: "string", enum: ["AnsiColor", "NoColor"], default: "AnsiColor" },
};

const clearParameter: Parameter = {
  name: "clear",
  description: "Whether all data is deleted first",
  schema: { type: "boolean", default: false },
};

const policyParameter: Parameter = {
  name: "policy",
  description: "Whether clients may be disconnected; BreakClients asks for the plan's token",
  schema: { type: "string", enum: ["Compatible", "BreakClients"], default: "Compatible" },
};

const related = (name: string, description: string): Parameter => ({
  name,
  description: `${description}; only its existence is looked at`,
  schema: string,
});

export const publishParameters: readonly Parameter[] = [
  clearParameter,
  hostTypeParameter,
  policyParameter,
  replicasParameter,
  related("parent", "Name or identity of the database that it shall belong to"),
  related("organization", "Name or identity of the organization that it shall belong to"),
  related("org", "The same"),
  timeoutParameter,
];

export const programBody: BodyDescription = {
  description: "The program: a WebAssembly module, announced as anything",
  contentType: "application/octet-stream",
  schema: bytesSchema,
  isRequired: true,
};

export const otherHostType: AnswerDescription = textAnswer(
  "Programs for this `host_type` do not run here",
);
export const unconfirmed: AnswerDescription = textAnswer(
  "The program was not durable in time: an update may take effect later, a new database does not",
);

export const viewFailed: AnswerDescription = textAnswer(
  "The program cannot compute a view that is in use",
);

export const publishAnswers: Answers = {
  200: jsonAnswer(
    "The program runs",
    object({
      Success: object({
        domain: { oneOf: [string, { type: "null" }] },
        database_identity: identityHex,
        op: { type: "string", enum: ["created", "updated"] },
      }),
    }),
  ),
  400: textAnswer("The program may not replace the present one"),
  401: jsonAnswer(
    "Somebody else is publishing under this name",
    object({ PermissionDenied: object({ name: string }) }),
  ),
  404: textAnswer("A database that the query names is unknown"),
  409: textAnswer("The name is in use"),
  500: textAnswer("The program does not load, or its `init` failed"),
  501: otherHostType,
  503: unavailable,
  504: unconfirmed,
  [moduleFailedStatus]: viewFailed,
};

const isMajor: Schema = { type: "boolean" };

export const prePublishResult: Schema = {
  oneOf: [
    object({
      AutoMigrate: object({
        migrate_plan: string,
        break_clients: { type: "boolean" },
        token: hashJson,
        major_version_upgrade: isMajor,
      }),
    }),
    object({ ManualMigrate: object({ reason: string, major_version_upgrade: isMajor }) }),
  ],
};
