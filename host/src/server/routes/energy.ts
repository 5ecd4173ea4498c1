// Balances of energy (http-and-auth.md section 3). This host measures what calls use and keeps no accounts, as the reference's
// standalone server does: everybody's balance is zero, and nobody can change one.
import { LightconeError } from "@lightcone/abi";
import { jsonAnswer, object, type Parameter } from "../openapi/description.ts";
import { jsonReply, type Reply } from "../reply.ts";
import { identityOf } from "../resolve.ts";
import type { Route, RouteRequest } from "../router.ts";

function tellBalance(request: RouteRequest): Reply {
  identityOf(request);
  return jsonReply(200, { balance: "0" });
}

function refuseChange(request: RouteRequest): Reply {
  identityOf(request);
  throw new LightconeError("LC_UNAUTHORIZED", "this host keeps no energy accounts");
}

const amount = (name: string, description: string): Parameter => ({
  name,
  description,
  schema: { type: "string", pattern: "^-?[0-9]+$" },
});

const path = "/v1/energy/:identity";
const change = { path, credentials: "required", access: "anybody", answers: {} } as const;

export const energyRoutes: readonly Route[] = [
  {
    method: "GET",
    path,
    credentials: "ignored",
    access: "anybody",
    summary: "An identity's balance of energy: zero, since this host keeps no accounts.",
    answers: {
      200: jsonAnswer(
        "The balance, a decimal number",
        object({ balance: { type: "string", pattern: "^-?[0-9]+$" } }),
      ),
    },
    handle: tellBalance,
  },
  {
    ...change,
    method: "POST",
    summary: "Would add to a balance; refused, since this host keeps no accounts.",
    query: [amount("amount", "What to add")],
    handle: refuseChange,
  },
  {
    ...change,
    method: "PUT",
    summary: "Would set a balance; refused, since this host keeps no accounts.",
    query: [amount("balance", "What to set it to")],
    handle: refuseChange,
  },
];
