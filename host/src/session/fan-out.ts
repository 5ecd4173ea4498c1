// A transaction's changes to all who see them. Whole messages are shared among clients that are told the same (design decision 7).
import { Writer } from "@lightcone/abi";
import type { Subscriber, UpdatePart } from "../subscription/registry.ts";
import { type Address, makeSharedFrame, type Outbox, type SharedFrame } from "./outbox.ts";
import type { UpdateForm } from "./updates.ts";

/** Whether two clients are told the same. */
function isSame(a: readonly UpdatePart[], b: readonly UpdatePart[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const [one, other] = [a[i] as UpdatePart, b[i] as UpdatePart];
    if (one.query !== other.query || one.querySetId !== other.querySetId) return false;
  }
  return true;
}

/** Sends row changes to those who watch. */
export class UpdateSender {
  readonly #outbox: Outbox;
  readonly #framesByForm = new Map<UpdateForm, Map<string, SharedFrame>>();
  readonly #writer = new Writer(1024);

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** Tells all `affected` but the caller, whose changes go into its answer. */
  send(
    affected: readonly Subscriber[],
    caller: Subscriber | undefined,
    encoded: Uint8Array,
    addressOf: (subscriber: Subscriber) => Address | undefined,
  ): void {
    for (const frames of this.#framesByForm.values()) frames.clear();
    let parts: readonly UpdatePart[] = [];
    let form: UpdateForm | undefined;
    let frame: SharedFrame | undefined;
    for (let i = 0; i < affected.length; i++) {
      const subscriber = affected[i] as Subscriber;
      if (subscriber === caller) continue;
      const address = addressOf(subscriber);
      if (address === undefined) continue;
      // Those who watch one query come one after another: most are told what the one before was.
      if (frame === undefined || address.updates !== form || !isSame(subscriber.parts, parts)) {
        form = address.updates;
        frame = this.#frame(form, subscriber.parts, encoded);
        ({ parts } = subscriber);
      }
      this.#outbox.sendShared(address, frame);
    }
  }

  #frame(form: UpdateForm, parts: UpdatePart[], encoded: Uint8Array): SharedFrame {
    form.arrange(parts);
    let frames = this.#framesByForm.get(form);
    if (frames === undefined) this.#framesByForm.set(form, (frames = new Map()));
    // A part's place names the query: equal keys mean equal messages within one transaction.
    let key = "";
    for (const { querySetId, query } of parts) {
      key += form.namesSets ? `${querySetId}:${query.partStart} ` : `${query.partStart} `;
    }
    const known = frames.get(key);
    if (known !== undefined) return known;
    this.#writer.clear();
    form.write(this.#writer, parts, encoded);
    const frame = makeSharedFrame(this.#writer.finish(), form.tag);
    frames.set(key, frame);
    return frame;
  }
}
