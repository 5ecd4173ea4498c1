// How fast those may go who always have more waiting, while others wait for answers one by one. Without this the thread, and the
// server's as well, would be busy all the time: whoever calls now and then waits for processors, for garbage collections and for
// others' turns at every step of the way. So a turn of those with a backlog is short, and at least as long a time is free after it.
//
//     turn sent ──thread works, `took`──▶ taken ──nothing of theirs for as long──▶ next turn
import { limit } from "../base/limit.ts";

/** Turns last about so long: far less costs more in passing them on, far more is waited for. */
const turnMillisMin = 0.5;
const turnMillisMax = 1;

/** Times are a clock's milliseconds. */
export class Pace {
  /** Messages of a turn: as many as take about the right time. */
  #count = limit.incomingTurnCount;
  /** Until when somebody is taken to wait for answers. */
  #callersEndAt = 0;
  /** When the next turn may be. */
  #freeAt = 0;
  /** When the turn under way was sent. */
  #sentAt: number | undefined;

  /** Messages of the next turn, of all who have a backlog together. */
  get count(): number {
    return this.#count;
  }

  /** Somebody who has nothing else under way has sent something while others had more waiting. */
  called(now: number): void {
    this.#callersEndAt = now + limit.incomingCompanyMillis;
  }

  /** Whether backlogs are slowed down. */
  isKept(now: number): boolean {
    return now < this.#callersEndAt;
  }

  /** How long the next turn has to wait; undefined while one is under way, whose end is to be waited for. */
  waitMillis(now: number): number | undefined {
    if (!this.isKept(now)) return 0;
    return this.#sentAt === undefined ? Math.max(0, this.#freeAt - now) : undefined;
  }

  sent(now: number): void {
    this.#sentAt = now;
  }

  taken(now: number): void {
    const took = now - (this.#sentAt ?? now);
    this.#sentAt = undefined;
    const { incomingFreeMillisMin, incomingFreeMillisMax, incomingPacedCount } = limit;
    this.#freeAt = now + Math.max(incomingFreeMillisMin, Math.min(took, incomingFreeMillisMax));
    if (took > turnMillisMax) this.#count = Math.max(1, this.#count >>> 1);
    else if (took < turnMillisMin) this.#count = Math.min(incomingPacedCount, this.#count * 2);
  }
}
