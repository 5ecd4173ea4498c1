// Whose tokens a database takes (docs/auth.md): its owner reads, sets and clears that.
import { limit } from "../../base/limit.ts";
import { policyOf } from "../auth/access.ts";
import { type AuthPolicy, parsePolicy, policyToJson } from "../auth/policy.ts";
import { readText } from "../body.ts";
import type { DatabaseRecord } from "../control.ts";
import {
  jsonAnswer,
  jsonType,
  notOwner,
  object,
  type Schema,
  string,
} from "../openapi/description.ts";
import { requirePermission } from "../permission.ts";
import { jsonReply, type Reply } from "../reply.ts";
import { databaseOf } from "../resolve.ts";
import type { CallerRequest, Route, Services } from "../router.ts";

function permittedDatabase(
  request: CallerRequest,
  services: Services,
  action: "view auth policy" | "change auth policy",
): DatabaseRecord {
  const record = databaseOf(request, services);
  requirePermission(action, request.token.identity, record);
  return record;
}

/** The policy that holds now, and whether it is the host's. */
function tell(record: DatabaseRecord, services: Services): Reply {
  const { policy, isOwn } = policyOf(services, record.identity);
  return jsonReply(200, { ...policyToJson(policy), inherited: !isOwn });
}

function show(request: CallerRequest, services: Services): Reply {
  return tell(permittedDatabase(request, services, "view auth policy"), services);
}

async function replace(request: CallerRequest, services: Services): Promise<Reply> {
  const record = permittedDatabase(request, services, "change auth policy");
  const policy = parsePolicy(await readText(request, limit.bodyBytesMax));
  return store(record, policy, services);
}

function clear(request: CallerRequest, services: Services): Promise<Reply> {
  const record = permittedDatabase(request, services, "change auth policy");
  return store(record, undefined, services);
}

async function store(
  record: DatabaseRecord,
  policy: AuthPolicy | undefined,
  services: Services,
): Promise<Reply> {
  await services.control.setPolicy(record.identity, policy);
  return tell(record, services);
}

const path = "/v1/database/:db/auth-policy";

const names: Schema = { type: "array", items: string };
const policyMembers = { issuers: names, audiences: names, anonymous: { type: "boolean" } } as const;
const answers = {
  200: jsonAnswer(
    "The policy that holds now, and whether it is the host's",
    object({ ...policyMembers, inherited: { type: "boolean" } }),
  ),
  403: notOwner,
};

export const authPolicyRoutes: readonly Route[] = [
  {
    method: "GET",
    path,
    credentials: "optional",
    access: "owner",
    summary: "The issuers and audiences whose tokens a database takes.",
    answers,
    handle: show,
  },
  {
    method: "PUT",
    path,
    credentials: "optional",
    access: "owner",
    summary: "Replaces them by those of a JSON object.",
    body: {
      description: "What is allowed; empty lists allow all, and so does a member that is missing",
      contentType: jsonType,
      schema: { type: "object", properties: policyMembers, additionalProperties: false },
      isRequired: true,
    },
    answers,
    handle: replace,
  },
  {
    method: "DELETE",
    path,
    credentials: "optional",
    access: "owner",
    summary: "Gives a database the host's policy again.",
    answers,
    handle: clear,
  },
];
