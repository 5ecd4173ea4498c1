// HttpMethod and HttpVersion: how a request asks, and by which version of the protocol (abi.md 5.9).
import { Reader } from "../bytes/reader";
import { Writer } from "../bytes/writer";

/** The protocol's versions; the numbers are those of the ABI. */
export enum HttpVersion {
  Http09,
  Http10,
  Http11,
  Http2,
  Http3,
}

const extensionTag: u8 = 9;

/** A request's method; it does not change. */
export class HttpMethod {
  private constructor(
    private readonly tag: u8,
    /** In capitals, as in a request. */
    readonly name: string,
  ) {}

  static readonly get: HttpMethod = new HttpMethod(0, "GET");
  static readonly head: HttpMethod = new HttpMethod(1, "HEAD");
  static readonly post: HttpMethod = new HttpMethod(2, "POST");
  static readonly put: HttpMethod = new HttpMethod(3, "PUT");
  static readonly delete: HttpMethod = new HttpMethod(4, "DELETE");
  static readonly connect: HttpMethod = new HttpMethod(5, "CONNECT");
  static readonly options: HttpMethod = new HttpMethod(6, "OPTIONS");
  static readonly trace: HttpMethod = new HttpMethod(7, "TRACE");
  static readonly patch: HttpMethod = new HttpMethod(8, "PATCH");

  /** The method of a name; one that is not among the nine is an extension. Capitals count. */
  static of(name: string): HttpMethod {
    for (let tag: u8 = 0; tag < extensionTag; tag++) {
      const known = HttpMethod.ofTag(tag);
      if (known.name == name) return known;
    }
    return new HttpMethod(extensionTag, name);
  }

  private static ofTag(tag: u8): HttpMethod {
    switch (tag) {
      case 0:
        return HttpMethod.get;
      case 1:
        return HttpMethod.head;
      case 2:
        return HttpMethod.post;
      case 3:
        return HttpMethod.put;
      case 4:
        return HttpMethod.delete;
      case 5:
        return HttpMethod.connect;
      case 6:
        return HttpMethod.options;
      case 7:
        return HttpMethod.trace;
      default:
        assert(tag == 8, "an HttpMethod has an unknown tag");
        return HttpMethod.patch;
    }
  }

  static read(reader: Reader): HttpMethod {
    const tag = reader.u8();
    return tag == extensionTag ? new HttpMethod(tag, reader.string()) : HttpMethod.ofTag(tag);
  }

  write(writer: Writer): void {
    writer.u8(this.tag);
    if (this.tag == extensionTag) writer.string(this.name);
  }

  @operator("==") static eq(a: HttpMethod | null, b: HttpMethod | null): bool {
    if (!a || !b) return !a && !b;
    return a.name == b.name;
  }
  @operator("!=") static ne(a: HttpMethod | null, b: HttpMethod | null): bool {
    return !(a == b);
  }

  toString(): string {
    return this.name;
  }
}
