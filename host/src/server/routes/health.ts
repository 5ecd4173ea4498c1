// Whether the host is there: for the command line's `server ping` and for load balancers.
import { emptyAnswer, jsonAnswer, object, string } from "../openapi/description.ts";
import { emptyReply, jsonReply } from "../reply.ts";
import type { Route } from "../router.ts";
import { hostVersion } from "../version.ts";

/** `reason` is null for a host that is ready. */
const readyState = object({
  ready: { type: "boolean" },
  reason: { oneOf: [string, { type: "null" }] },
});

export const healthRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/ping",
    credentials: "ignored",
    access: "anybody",
    summary: "Answers with an empty body.",
    answers: { 200: emptyAnswer("The host is there") },
    handle: () => emptyReply(200),
  },
  {
    method: "GET",
    path: "/v1/health",
    credentials: "ignored",
    access: "anybody",
    summary: "Tells the program, its version and that databases can be placed here.",
    answers: {
      200: jsonAnswer(
        "The host is there",
        object({
          nodes: { type: "array", items: { type: "integer" } },
          package_name: string,
          schedulable: { type: "boolean" },
          version: string,
        }),
      ),
    },
    handle: () =>
      jsonReply(200, {
        nodes: [0],
        package_name: "lightcone",
        schedulable: true,
        version: hostVersion,
      }),
  },
  {
    method: "GET",
    path: "/v1/ready",
    credentials: "ignored",
    access: "anybody",
    summary:
      "Tells whether clients should be sent here: 503 while the host stops, or its disk fails.",
    answers: { 200: jsonAnswer("Yes", readyState), 503: jsonAnswer("No", readyState) },
    handle: async (_request, { readiness }) => {
      const state = await readiness.state();
      return jsonReply(state.isReady ? 200 : 503, {
        ready: state.isReady,
        reason: state.isReady ? null : state.reason,
      });
    },
  },
];
