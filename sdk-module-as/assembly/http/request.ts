// HttpRequest: what a procedure sends, or a handler is asked (abi.md 5.9). The body travels beside the
// BSATN.
import { Reader } from "../bytes/reader";
import { decodeUtf8Lossy, encodeUtf8 } from "../bytes/utf8";
import { Writer } from "../bytes/writer";
import { TimeDuration } from "../types/time-duration";
import { HttpHeaders } from "./headers";
import { HttpMethod, HttpVersion } from "./method";

export class HttpRequest {
  headers: HttpHeaders = new HttpHeaders();
  /** Null: the host's own limit. A longer time than the host allows is cut to that. */
  timeout: TimeDuration | null = null;
  version: HttpVersion = HttpVersion.Http11;
  body: Uint8Array = new Uint8Array(0);

  /** `uri` is the whole URL. */
  constructor(
    public uri: string,
    public method: HttpMethod = HttpMethod.get,
  ) {}

  /** A POST of a text. */
  static post(
    uri: string,
    text: string,
    contentType: string = "text/plain; charset=utf-8",
  ): HttpRequest {
    const request = new HttpRequest(uri, HttpMethod.post);
    request.headers.set("content-type", contentType);
    request.setText(text);
    return request;
  }

  /** The body as text; what is not UTF-8 becomes U+FFFD. */
  text(): string {
    return decodeUtf8Lossy(this.body);
  }

  /** Makes a text the body, as UTF-8. */
  setText(text: string): void {
    this.body = encodeUtf8(text);
  }

  /** Everything but the body. */
  static read(reader: Reader): HttpRequest {
    const method = HttpMethod.read(reader);
    const headers = HttpHeaders.read(reader);
    const timeout = reader.u8() == 0 ? TimeDuration.read(reader) : null;
    const request = new HttpRequest(reader.string(), method);
    request.headers = headers;
    request.timeout = timeout;
    request.version = reader.u8();
    return request;
  }

  /** Everything but the body. */
  write(writer: Writer): void {
    this.method.write(writer);
    this.headers.write(writer);
    const timeout = this.timeout;
    writer.u8(timeout ? 0 : 1);
    if (timeout) timeout.write(writer);
    writer.string(this.uri);
    writer.u8(<u8>this.version);
  }
}
