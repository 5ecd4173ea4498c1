// The tools that a language model is given: what it may do is what its user may (http-and-auth.md section 7).
import {
  isJsonArray,
  type JsonObject,
  type JsonValue,
  stringifyJson,
  unreachable,
} from "@lightcone/abi";
import type { CallResult, DatabaseHandle } from "../contract.ts";
import { callerOf } from "../resolve.ts";
import type { CallerRequest, Services } from "../router.ts";
import { RpcFault } from "./message.ts";

/** What tools work with: whose request it is, and how the database that one is about is found. */
export interface ToolContext {
  readonly request: CallerRequest;
  readonly services: Services;
  /** Throws LC_DATABASE_UNKNOWN and LC_NAME_INVALID; RpcFault where the arguments should name a database and do not. */
  readonly database: (args: JsonObject) => DatabaseHandle;
}

/** What a tool says. A failure is an answer too: the model reads it and may do better. */
export interface ToolOutcome {
  readonly text: string;
  readonly isError: boolean;
}

interface Tool {
  readonly name: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, JsonObject>>;
  readonly required: readonly string[];
  /** Whether it is about one database. */
  readonly needsDatabase: boolean;
  readonly run: (args: JsonObject, context: ToolContext) => Promise<ToolOutcome> | ToolOutcome;
}

const text = { type: "string" } as const;

const done = (answer: string): ToolOutcome => ({ text: answer, isError: false });
const failed = (answer: string): ToolOutcome => ({ text: answer, isError: true });

function textArgument(args: JsonObject, name: string): string {
  const value = args[name];
  if (typeof value === "string") return value;
  throw new RpcFault("invalidParams", `${name} argument must be a string`);
}

function isConfirmed({ confirmed = true }: JsonObject): boolean {
  if (typeof confirmed === "boolean") return confirmed;
  throw new RpcFault("invalidParams", "confirmed argument must be a boolean");
}

async function runSql(args: JsonObject, context: ToolContext): Promise<ToolOutcome> {
  const statement = textArgument(args, "sql");
  const confirmed = isConfirmed(args);
  const caller = callerOf(context.request, context.services.random);
  const { pieces } = await context.database(args).sql(statement, caller, confirmed);
  return done(Buffer.concat(pieces).toString());
}

async function call(args: JsonObject, context: ToolContext): Promise<ToolOutcome> {
  const reducer = textArgument(args, "reducer");
  const { args: values = [] } = args;
  if (!isJsonArray(values)) throw new RpcFault("invalidParams", "args argument must be an array");
  const caller = callerOf(context.request, context.services.random);
  return outcomeOf(await context.database(args).call(reducer, stringifyJson(values), caller));
}

function outcomeOf(result: CallResult): ToolOutcome {
  switch (result.kind) {
    case "committed":
      return done("committed");
    case "returned":
      return done(result.json);
    case "outOfEnergy":
      return failed("Module energy budget exhausted.");
    case "unknown":
      return failed("No such reducer or procedure");
    case "failed":
    case "invalid":
    case "refused":
    case "procedureFailed":
      return failed(result.message);
    default:
      return unreachable(result);
  }
}

function listDatabases(
  _args: JsonObject,
  { request, services: { control } }: ToolContext,
): ToolOutcome {
  const databases = control.databasesOf(request.token.identity).map(({ identity }) => ({
    identity: identity.toHex(),
    names: control.names(identity),
  }));
  return done(stringifyJson({ databases }));
}

const databaseTools: readonly Tool[] = [
  {
    name: "ping",
    description: "Says whether the host answers; gives back the message.",
    properties: { message: text },
    required: [],
    needsDatabase: false,
    run: ({ message }) => done(typeof message === "string" ? message : "pong"),
  },
  {
    name: "get_schema",
    description: "The database's tables, types, reducers and procedures, as JSON.",
    properties: {},
    required: [],
    needsDatabase: true,
    run: async (args, { database }) => done(await database(args).schema(10)),
  },
  {
    name: "sql",
    description: "Runs one SQL statement and gives its rows as JSON.",
    properties: {
      sql: { ...text, description: "The statement" },
      confirmed: { type: "boolean", description: "Whether only what is durable is shown" },
    },
    required: ["sql"],
    needsDatabase: true,
    run: runSql,
  },
  {
    name: "call",
    description: "Calls a reducer or a procedure.",
    properties: {
      reducer: { ...text, description: "Its name" },
      args: { type: "array", description: "Its arguments in order, as SATS-JSON" },
    },
    required: ["reducer"],
    needsDatabase: true,
    run: call,
  },
];

const databaseArgument = { ...text, description: "Name or identity of the database" };

/** The tools where no path names a database: each that is about one is told which. */
const hostTools: readonly Tool[] = [
  ...databaseTools.map((tool) =>
    tool.needsDatabase
      ? {
          ...tool,
          properties: { database: databaseArgument, ...tool.properties },
          required: ["database", ...tool.required],
        }
      : tool,
  ),
  {
    name: "list_databases",
    description: "The caller's databases with their names.",
    properties: {},
    required: [],
    needsDatabase: false,
    run: listDatabases,
  },
];

export type ToolScope = "database" | "host";

const toolsOf: Readonly<Record<ToolScope, readonly Tool[]>> = {
  database: databaseTools,
  host: hostTools,
};

/** The tools of a scope as `tools/list` gives them. */
export function describeTools(scope: ToolScope): JsonValue {
  return toolsOf[scope].map(({ name, description, properties, required }) => ({
    name,
    description,
    inputSchema: { type: "object", properties, required },
  }));
}

/** Runs a tool. Throws RpcFault for an unknown one and for arguments of wrong types. */
export async function runTool(
  scope: ToolScope,
  name: JsonValue | undefined,
  args: JsonObject,
  context: ToolContext,
): Promise<ToolOutcome> {
  const tool = toolsOf[scope].find((each) => each.name === name);
  if (tool === undefined)
    throw new RpcFault("invalidParams", `unknown tool ${stringifyJson(name ?? null)}`);
  return tool.run(args, context);
}
