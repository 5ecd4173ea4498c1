// Memory of rows in pages. A page that an image holds is never written to: the writer takes a copy and leaves the page to
// the image (design decision 3). A page whose hash is known is told before its bytes change.
import type { ImageBlock } from "../image.ts";
import type { Arena } from "./arena.ts";

export class Page implements ImageBlock {
  readonly bytes: Uint8Array;
  /** Where the bytes lie in the arena. */
  readonly place: number;
  readonly #arena: Arena;
  digest: Uint8Array | undefined;
  /** Images that hold the page. */
  #holders = 0;
  /** Whether the store has gone on without the page. */
  #isLeft = false;
  /** Whether a writer must ask before it writes. */
  isSealed = false;
  /** Slots that are taken. */
  taken = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.place = arena.take();
    this.bytes = arena.piece(this.place);
  }

  /** A page with the same bytes in another arena, in place of this one, or this one if an image holds it. */
  moved(arena: Arena): Page {
    if (this.#holders > 0) return this;
    const copy = new Page(arena);
    copy.bytes.set(this.bytes);
    copy.digest = this.digest;
    copy.isSealed = this.isSealed;
    copy.taken = this.taken;
    this.leave();
    return copy;
  }

  /** All of the block that the page lies in, which may be of an arena that its store has left. */
  get blockBytes(): Uint8Array {
    return this.#arena.blockBytes(this.place);
  }

  /** The same bytes as `blockBytes`. */
  get blockView(): DataView {
    return this.#arena.blockView(this.place);
  }

  /** The page to write to in place of this one: itself, or a copy in `arena` if an image holds it. */
  unsealed(arena: Arena): Page {
    if (this.#holders > 0) {
      const copy = new Page(arena);
      copy.bytes.set(this.bytes);
      copy.taken = this.taken;
      this.leave();
      return copy;
    }
    this.digest = undefined;
    this.isSealed = false;
    return this;
  }

  /** The store needs the page no more; its memory is free once no image needs it either. */
  leave(): void {
    this.#isLeft = true;
    if (this.#holders === 0) this.#arena.give(this.place);
  }

  /** For an image: the bytes stay as they are until `letGo`. */
  hold(): void {
    this.#holders++;
    this.isSealed = true;
  }

  letGo(): void {
    this.#holders--;
    if (this.#isLeft && this.#holders === 0) this.#arena.give(this.place);
  }
}
