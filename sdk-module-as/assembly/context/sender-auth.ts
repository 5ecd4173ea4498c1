// What is known of how a caller proved who they are.
import { Reader } from "../bytes/reader";
import { Writer } from "../bytes/writer";
import { readSource } from "../call/source";
import { JwtClaims } from "../json/claims";
import * as sys from "../sys";
import { check } from "../table/errno";
import { out } from "../table/scratch";

const connectionBytes: usize = memory.data(16);

export class SenderAuth {
  private isRead: bool = false;
  private claims: JwtClaims | null = null;

  constructor(
    private c0: u64,
    private c1: u64,
  ) {}

  /** Whether the host calls by itself: init, schedules. */
  get isInternal(): bool {
    return (this.c0 | this.c1) == 0;
  }

  get hasJwt(): bool {
    return this.jwt != null;
  }

  /** The claims of the caller's token, null where there is none. */
  get jwt(): JwtClaims | null {
    if (!this.isRead) {
      this.isRead = true;
      if (!this.isInternal) this.claims = readClaims(this.c0, this.c1);
    }
    return this.claims;
  }
}

function readClaims(c0: u64, c1: u64): JwtClaims | null {
  store<u64>(connectionBytes, c0);
  store<u64>(connectionBytes, c1, 8);
  check(sys.get_jwt(<u32>connectionBytes, <u32>out), "reading the token");
  const source = load<u32>(out);
  if (source == 0) return null;
  const bytes = new Writer(1024);
  readSource(source, bytes);
  return new JwtClaims(new Reader(bytes.pointer, bytes.length).restAsText());
}
