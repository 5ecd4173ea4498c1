// The body of a request, up to a limit.
import type { IncomingMessage } from "node:http";
import { LightconeError } from "@lightcone/abi";
import { BodyBuffer, type BodyLease } from "../base/http/body-buffer.ts";

/**
 * All bytes of the body. LC_LIMIT beyond `bytesMax`: the rest is then read and dropped, since a
 * client that is still sending would not see the answer otherwise. LC_REQUEST_INVALID if the client
 * goes away in between, LC_DATABASE_UNAVAILABLE if others take all the room.
 */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  lease: BodyLease,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const announced = Number(request.headers["content-length"] ?? 0);
    const body = new BodyBuffer(lease);
    const onData = (chunk: Buffer): void => {
      if (body.length + chunk.length > bytesMax) refuse(tooLong());
      else if (!body.add(chunk)) refuse(noRoom());
    };
    const onEnd = (): void => resolve(body.finish());
    const onBroken = (): void => {
      reject(new LightconeError("LC_REQUEST_INVALID", "the connection ended within the body"));
    };
    const refuse = (fault: LightconeError): void => {
      request.off("data", onData).off("end", onEnd);
      request.resume();
      reject(fault);
    };
    request.on("error", onBroken);
    if (request.destroyed) {
      onBroken();
      return;
    }
    if (announced > bytesMax) {
      refuse(tooLong());
      return;
    }
    // A request that is closed after its end has settled already.
    request.on("data", onData).on("end", onEnd).on("close", onBroken);
  });
}

/**
 * The body as it comes. Whoever stops early leaves the rest to be read and dropped.
 * LC_REQUEST_INVALID if the client goes away in between.
 */
export async function* bodyPieces(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of request.iterator({ destroyOnReturn: false })) {
      yield piece as Uint8Array;
    }
  } catch {
    throw new LightconeError("LC_REQUEST_INVALID", "the connection ended within the body");
  } finally {
    request.resume();
  }
}

function noRoom(): LightconeError {
  return new LightconeError(
    "LC_DATABASE_UNAVAILABLE",
    "the host is reading too many request bodies at once: try again",
  );
}

function tooLong(): LightconeError {
  return new LightconeError("LC_LIMIT", "Failed to buffer the request body: length limit exceeded");
}

/** The body as text. LC_REQUEST_INVALID if it is not UTF-8. */
export async function readText(
  request: { readBody(bytesMax: number): Promise<Uint8Array> },
  bytesMax: number,
): Promise<string> {
  const bytes = await request.readBody(bytesMax);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new LightconeError("LC_REQUEST_INVALID", "Request body didn't contain valid UTF-8");
  }
}
