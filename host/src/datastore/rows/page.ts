// Memory of rows in pages. A page that an image holds is never written to: the writer takes a copy and leaves the page to
// the image (design decision 3). A page whose hash is known is told before its bytes change.
import type { ImageBlock } from "../image.ts";

export class Page implements ImageBlock {
  readonly bytes: Uint8Array;
  /** The same bytes: short copies go through a view. */
  readonly view: DataView;
  /** The same bytes again. */
  readonly words: Int32Array;
  digest: Uint8Array | undefined;
  /** Images that hold the page. */
  holders = 0;
  /** Whether a writer must ask before it writes. */
  isSealed = false;
  /** Slots that are taken. */
  taken = 0;

  /** The length of `bytes` need not be a whole number of words. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
  }

  /** The page to write to in place of this one: itself, or a copy if an image holds it. */
  unsealed(): Page {
    if (this.holders > 0) {
      const copy = new Page(this.bytes.slice());
      copy.taken = this.taken;
      return copy;
    }
    this.digest = undefined;
    this.isSealed = false;
    return this;
  }

  /** For an image: the bytes stay as they are until `letGo`. */
  hold(): void {
    this.holders++;
    this.isSealed = true;
  }

  letGo(): void {
    this.holders--;
  }
}
