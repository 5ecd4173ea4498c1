// Memory for the parts of long answers. While such answers are made it is used again as soon as a client has taken what was in it:
// new memory costs more than what is copied into it, since the system must clear it and the collector find that it is garbage.
import { limit } from "../base/limit.ts";
import { partExtraBytes } from "./slab.ts";

/** What long answers are cut into, a rest excepted: well under a millisecond of work each. */
export const partBytes: number = 256 * 1024;

const memoryBytes = partBytes + partExtraBytes;
const spareCountMax = limit.longAnswerBytesMax / partBytes;

export class PartMemory {
  readonly #spare: ArrayBuffer[] = [];
  /** Long answers under way. */
  #answerCount = 0;

  /** A long answer begins. */
  open(): void {
    this.#answerCount++;
  }

  /** A long answer is over. After the last one nothing is kept. */
  close(): void {
    this.#answerCount--;
    if (this.#answerCount === 0) this.#spare.length = 0;
  }

  /** Room for a part, with whatever was in it before. */
  take(partLength: number): ArrayBuffer {
    const needed = partLength + partExtraBytes;
    if (needed > memoryBytes || needed < memoryBytes / 2) return new ArrayBuffer(needed);
    return this.#spare.pop() ?? new ArrayBuffer(memoryBytes);
  }

  /** Takes memory back that nobody reads any more. */
  give(memory: ArrayBuffer): void {
    const isWanted = this.#answerCount > 0 && this.#spare.length < spareCountMax;
    if (isWanted && memory.byteLength === memoryBytes) this.#spare.push(memory);
  }
}
