// Routes that take JSON and nothing else (http-and-auth.md sections 6.1 and 7).
import type { IncomingHttpHeaders } from "node:http";
import { LightconeError } from "@lightcone/abi";
import { type Reply, textReply } from "./reply.ts";

/** The refusal of a body that is not announced as plain JSON, or undefined. LC_REQUEST_INVALID if it is not announced at all. */
export function refuseContentType({
  "content-type": type,
}: IncomingHttpHeaders): Reply | undefined {
  if (type === "application/json") return undefined;
  if (type !== undefined) {
    return textReply(415, "Expected request with `Content-Type: application/json`");
  }
  throw new LightconeError("LC_REQUEST_INVALID", "Header of type `content-type` was missing");
}
