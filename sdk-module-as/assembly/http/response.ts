// HttpResponse: what a handler answers, or a procedure is answered (abi.md 5.9). The body travels
// beside the BSATN.
import { Reader } from "../bytes/reader";
import { decodeUtf8Lossy, encodeUtf8 } from "../bytes/utf8";
import { Writer } from "../bytes/writer";
import { HttpHeaders } from "./headers";
import { HttpVersion } from "./method";

export class HttpResponse {
  headers: HttpHeaders = new HttpHeaders();
  version: HttpVersion = HttpVersion.Http11;

  /** `code` is the status: 200 for success. */
  constructor(
    public code: u16 = 200,
    public body: Uint8Array = new Uint8Array(0),
  ) {}

  static ofText(text: string, code: u16 = 200): HttpResponse {
    return HttpResponse.of("text/plain; charset=utf-8", text, code);
  }

  static ofHtml(html: string, code: u16 = 200): HttpResponse {
    return HttpResponse.of("text/html; charset=utf-8", html, code);
  }

  /** `json` is a text of JSON already. */
  static ofJson(json: string, code: u16 = 200): HttpResponse {
    return HttpResponse.of("application/json", json, code);
  }

  private static of(contentType: string, text: string, code: u16): HttpResponse {
    const response = new HttpResponse(code, encodeUtf8(text));
    response.headers.set("content-type", contentType);
    return response;
  }

  /** Whether the status is from 200 to 299. */
  get isOk(): bool {
    return this.code >= 200 && this.code <= 299;
  }

  /** The body as text; what is not UTF-8 becomes U+FFFD. */
  text(): string {
    return decodeUtf8Lossy(this.body);
  }

  /** Everything but the body. */
  static read(reader: Reader): HttpResponse {
    const headers = HttpHeaders.read(reader);
    const version = reader.u8();
    const response = new HttpResponse(reader.u16());
    response.headers = headers;
    response.version = version;
    return response;
  }

  /** Everything but the body. */
  write(writer: Writer): void {
    this.headers.write(writer);
    writer.u8(<u8>this.version);
    writer.u16(this.code);
  }
}

/** What became of a request: a response of any status, or the reason why there is none. */
export class HttpResult {
  constructor(
    private readonly held: HttpResponse | null,
    /** Why no response came; null if one did. */
    readonly error: string | null = null,
  ) {}

  /** The response; to ask for it where none came ends the call with the reason. */
  get response(): HttpResponse {
    const response = this.held;
    if (response) return response;
    const error = this.error;
    throw new Error(error ? error : "no response");
  }
}
