// Requests of procedures and handlers to other servers. Not within a transaction.
import { Reader } from "../bytes/reader";
import { Writer } from "../bytes/writer";
import { readSource } from "../call/source";
import * as sys from "../sys";
import { Errno, refused } from "../table/errno";
import { HttpRequest } from "./request";
import { HttpResponse, HttpResult } from "./response";

/** The host writes two sources: of the response and of its body. */
const sources: usize = memory.data(8);

export class HttpClient {
  /** A GET of a URL. */
  get(uri: string): HttpResult {
    return this.send(new HttpRequest(uri));
  }

  /** A POST of a text. */
  post(uri: string, text: string): HttpResult {
    return this.send(HttpRequest.post(uri, text));
  }

  /** Waits for the response, of whatever status; an error where none came. */
  send(request: HttpRequest): HttpResult {
    const bytes = new Writer(512);
    request.write(bytes);
    const body = request.body;
    const status = sys.procedure_http_request(
      <u32>bytes.pointer,
      bytes.length,
      <u32>body.dataStart,
      body.length,
      <u32>sources,
    );
    if (status == Errno.HttpError) return new HttpResult(null, read(0).string());
    if (status != 0) refused("sending a request to", request.uri, status);
    // The body's source may be gone once another is read: both numbers are taken first.
    const bodySource = load<u32>(sources, 4);
    const response = HttpResponse.read(read(0));
    response.body = readBody(bodySource);
    return new HttpResult(response);
  }
}

/** Readers do not keep their bytes alive. */
const responseBytes: Writer = new Writer(1024);

function read(at: usize): Reader {
  responseBytes.clear();
  readSource(load<u32>(sources + at), responseBytes);
  return new Reader(responseBytes.pointer, responseBytes.length);
}

/** Everything that a source has. */
export function readBody(source: u32): Uint8Array {
  if (source == 0) return new Uint8Array(0);
  const bytes = new Writer(4096);
  readSource(source, bytes);
  return bytes.toBytes();
}
