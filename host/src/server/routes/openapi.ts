// The description of the API, made once from the table that serves it.
import { jsonAnswer, object, string } from "../openapi/description.ts";
import { openApiDocument } from "../openapi/document.ts";
import { jsonTextReply } from "../reply.ts";
import type { Route } from "../router.ts";

/** The route that describes all `routes`, which may hold this one: it asks when it is asked. */
export function openApiRoute(routes: () => readonly Route[]): Route {
  let text: string | undefined;
  return {
    method: "GET",
    path: "/v1/openapi.json",
    credentials: "ignored",
    access: "anybody",
    summary: "This description, as OpenAPI 3.1.",
    answers: {
      200: jsonAnswer(
        "The document",
        object({ openapi: string, info: object({}), paths: object({}) }),
      ),
    },
    handle: () => jsonTextReply(200, (text ??= JSON.stringify(openApiDocument(routes())))),
  };
}
