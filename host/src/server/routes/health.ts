// Whether the host is there: for the command line's `server ping` and for load balancers.
import { emptyAnswer, jsonAnswer, object, string } from "../openapi/description.ts";
import { emptyReply, jsonReply } from "../reply.ts";
import type { Route } from "../router.ts";
import { hostVersion } from "../version.ts";

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
];
