// MIN and MAX of each of many groups: the BSATN of the best value so far.
import { compileWalk, type Walk, type Writer } from "@lightcone/abi";
import type { BoundAggregate } from "../bind/aggregate.ts";
import { limit } from "../../base/limit.ts";
import { optionPayload } from "../bind/bind-wide.ts";
import { keptTooMuch } from "./byte-rows.ts";
import { type Compare, compileCompare } from "../../datastore/key.ts";

const someTag = 0;
const noneTag = 1;

export class ExtremeAccumulator {
  readonly groupBytes = 96;
  readonly #compare: Compare;
  readonly #walk: Walk;
  /** What the order is multiplied by so that less is better. */
  readonly #sign: 1 | -1;
  readonly #givesOption: boolean;
  readonly #best: (Uint8Array | undefined)[] = [];
  /** Of all best values together. */
  #byteLength = 0;

  constructor({ function: name, input, result }: BoundAggregate) {
    this.#compare = compileCompare(input);
    this.#walk = compileWalk(input);
    this.#sign = name === "MIN" ? 1 : -1;
    this.#givesOption = optionPayload(result) !== undefined;
  }

  /** Throws LC_LIMIT if the values take too much. */
  add(group: number, bytes: Uint8Array, at: number): void {
    const best = this.#best[group];
    if (best !== undefined && this.#sign * this.#compare(bytes, at, best, 0) >= 0) return;
    const end = this.#walk(bytes, at, bytes.length);
    if (best?.length !== end - at) {
      this.#byteLength += end - at - (best?.length ?? 0);
      if (this.#byteLength > limit.selectBytesMax) throw keptTooMuch();
      this.#best[group] = bytes.slice(at, end);
      return;
    }
    for (let i = 0; i < best.length; i++) best[i] = bytes[at + i] as number;
  }

  write(group: number, writer: Writer): void {
    const best = this.#best[group];
    if (this.#givesOption) writer.u8(best === undefined ? noneTag : someTag);
    if (best !== undefined) writer.raw(best);
  }
}
