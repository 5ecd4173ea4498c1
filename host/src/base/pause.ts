// Giving way: whoever has a long piece of work does a part of it and then lets the thread do what came in meanwhile.
import { setImmediate as nextTurn } from "node:timers/promises";

/** Resolves once what was waiting for the thread has had its turn. */
export type Pause = () => Promise<void>;

export const systemPause: Pause = () => nextTurn();
