// Names of a database (http-and-auth.md sections 5 and 11). Refusals are JSON values here, which
// clients take apart.
import { LightconeError } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import { readText } from "../body.ts";
import { NameTakenError } from "../control.ts";
import { parseDatabaseName } from "../database-name.ts";
import {
  identityHex,
  jsonAnswer,
  jsonType,
  object,
  plainText,
  string,
  textAnswer,
} from "../openapi/description.ts";
import { mayDo } from "../permission.ts";
import { jsonReply, type Reply, textReply } from "../reply.ts";
import { databaseOf } from "../resolve.ts";
import type { CallerRequest, Route, Services } from "../router.ts";

function list(request: CallerRequest, services: Services): Reply {
  const { identity } = databaseOf(request, services);
  return jsonReply(200, { names: services.control.names(identity) });
}

async function add(request: CallerRequest, services: Services): Promise<Reply> {
  const record = databaseOf(request, services);
  const name = parseDatabaseName(await readText(request, limit.bodyBytesMax));
  const { identity } = request.token;
  if (!mayDo("rename database", identity, record)) {
    return jsonReply(401, { PermissionDenied: { domain: name } });
  }
  try {
    await services.control.addName(record.identity, name, identity);
  } catch (thrown) {
    if (!(thrown instanceof NameTakenError)) throw thrown;
    return textReply(500, `record with the name ${name} already exists`);
  }
  const success = { domain: name, database_identity: record.identity.toHex() };
  return jsonReply(200, { Success: success });
}

async function replace(request: CallerRequest, services: Services): Promise<Reply> {
  const record = databaseOf(request, services);
  const names = parseNames(await readText(request, limit.bodyBytesMax));
  const { identity } = request.token;
  if (!mayDo("rename database", identity, record)) {
    return jsonReply(401, { NotYourDatabase: { database: record.identity.toHex() } });
  }
  try {
    await services.control.replaceNames(record.identity, names, identity);
  } catch (thrown) {
    if (!(thrown instanceof NameTakenError)) throw thrown;
    const reason = `Cannot rename to ${thrown.taken} because it already is in use.`;
    return jsonReply(400, { OtherError: reason });
  }
  return jsonReply(200, "Success");
}

function parseNames(text: string): string[] {
  let names: unknown;
  try {
    names = JSON.parse(text);
  } catch {
    names = undefined;
  }
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) {
    throw new LightconeError("LC_JSON_DECODE", "the body must be a JSON array of names");
  }
  return names.map(parseDatabaseName);
}

export const nameRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/database/:db/names",
    credentials: "optional",
    access: "anybody",
    summary: "All names of a database.",
    answers: {
      200: jsonAnswer("The names, in order", object({ names: { type: "array", items: string } })),
    },
    handle: list,
  },
  {
    method: "POST",
    path: "/v1/database/:db/names",
    credentials: "optional",
    access: "owner",
    summary: "Gives a database one more name, the text of the body.",
    body: { description: "One name", contentType: plainText, schema: string, isRequired: true },
    answers: {
      200: jsonAnswer(
        "The name leads to it",
        object({ Success: object({ domain: string, database_identity: identityHex }) }),
      ),
      401: jsonAnswer(
        "The caller does not own it",
        object({ PermissionDenied: object({ domain: string }) }),
      ),
      500: textAnswer("The name is in use"),
    },
    handle: add,
  },
  {
    method: "PUT",
    path: "/v1/database/:db/names",
    credentials: "optional",
    access: "owner",
    summary: "Replaces all names of a database by those of a JSON array.",
    body: {
      description: "All names that it shall have",
      contentType: jsonType,
      schema: { type: "array", items: string },
      isRequired: true,
    },
    answers: {
      200: jsonAnswer("These names lead to it and no others", { const: "Success" }),
      400: jsonAnswer("A name is in use", object({ OtherError: string })),
      401: jsonAnswer(
        "The caller does not own it",
        object({ NotYourDatabase: object({ database: identityHex }) }),
      ),
    },
    handle: replace,
  },
];
