// Calls that a module asked for with `volatile_nonatomic_schedule_immediate` (abi.md section 5.8): kept in memory alone, from
// the moment of asking, whatever becomes of the transaction.
import { limit } from "../../base/limit.ts";

export interface ImmediateCall {
  /** A reducer or a procedure; whether there is one of that name shows when its turn comes. */
  readonly functionName: string;
  readonly args: Uint8Array;
}

/** A bounded queue, first in, first out. */
export class ImmediateCalls {
  #calls: ImmediateCall[] = [];
  /** What stands before this place has been taken. */
  #head = 0;
  #byteCount = 0;

  get count(): number {
    return this.#calls.length - this.#head;
  }

  /** Returns false, and takes nothing, if too many wait. */
  add(functionName: string, args: Uint8Array): boolean {
    const call = { functionName, args };
    const byteCount = this.#byteCount + bytesOf(call);
    if (this.count >= limit.immediateCallCountMax) return false;
    if (byteCount > limit.immediateCallBytesMax) return false;
    this.#byteCount = byteCount;
    this.#calls.push(call);
    return true;
  }

  take(): ImmediateCall | undefined {
    const call = this.#calls[this.#head];
    if (call === undefined) return undefined;
    this.#byteCount -= bytesOf(call);
    this.#head++;
    // Each call is moved once on average, however long the queue stays in use.
    if (this.#head * 2 > this.#calls.length) {
      this.#calls = this.#calls.slice(this.#head);
      this.#head = 0;
    }
    return call;
  }
}

function bytesOf({ functionName, args }: ImmediateCall): number {
  return functionName.length + args.length;
}
