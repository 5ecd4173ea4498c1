// Every answer that a route may give: its own, and those that its path, its credentials and its body bring along.
import { openPaths } from "../limits/gate.ts";
import type { Route } from "../router.ts";
import { type AnswerDescription, type Answers, either, textAnswer } from "./description.ts";

/** A path that does not decode, or a name in it that is none. */
const badPath = textAnswer("The path, the query or a header breaks a rule");
const badCredentials = textAnswer("The token is missing, malformed, forged or expired");
const unknownDatabase = textAnswer("No database has that name or identity");
const tooLong = textAnswer("The body, or what the request asks for, is beyond a limit");
const noRoom = textAnswer(
  "Too many bodies are being read at once, or the database is closed: try again",
);

const stopping = textAnswer("The host is stopping");
const tooMany = textAnswer("The client has had its share of requests", {
  "retry-after": "In how many seconds to try again",
});

function inherited({ path, credentials, body, query }: Route): Answers {
  const answers: Record<number, AnswerDescription> = {};
  const hasCredentials = credentials !== "ignored";
  if (path.includes(":") || hasCredentials || query !== undefined) answers[400] = badPath;
  if (hasCredentials) answers[401] = badCredentials;
  if (path.includes("/:db")) answers[404] = unknownDatabase;
  if (body !== undefined) {
    answers[413] = tooLong;
    answers[503] = noRoom;
  }
  if (!openPaths.has(path)) {
    answers[429] = tooMany;
    answers[503] = body === undefined ? stopping : either(noRoom, stopping);
  }
  return answers;
}

/** All answers of a route, by status, ascending. */
export function answersOf(route: Route): Answers {
  const all: Record<string, AnswerDescription> = { ...inherited(route) };
  for (const [status, own] of Object.entries(route.answers)) {
    const known = all[status];
    all[status] = known === undefined ? own : either(own, known);
  }
  return all;
}

/** What is wrong with an answer that a route has given, if it is not among those that it declares. */
export function undeclared(
  route: Route,
  status: number,
  contentType: string | undefined,
): string | undefined {
  const answers = answersOf(route);
  const answer = answers[status] ?? answers.default;
  const name = `${route.method} ${route.path}`;
  if (answer === undefined) return `${name} does not declare status ${status}`;
  // A module's own answers are whatever it says.
  if (answer === answers.default) return undefined;
  const types = Object.keys(answer.content);
  const isDeclared = contentType === undefined ? types.length === 0 : types.includes(contentType);
  if (isDeclared) return undefined;
  return `${name} declares ${types.join(", ") || "no body"} for ${status}, not ${contentType}`;
}
