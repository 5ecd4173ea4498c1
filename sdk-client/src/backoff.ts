// How long to wait before trying again, and the clockwork for it.

export interface ReconnectOptions {
  /** Greatest wait before the first new attempt, in milliseconds; doubles with each attempt that fails. */
  readonly firstDelayMs: number;
  /** What the wait does not grow beyond. */
  readonly delayMsMax: number;
  /** The share of each wait that is left to chance, from 0 to 1, so that clients do not come back all at once. */
  readonly jitter: number;
  /** Attempts in a row after which the client gives up; 0 turns reconnection off. */
  readonly attemptsMax: number;
  /** Whether a first connection that fails is tried again like a lost one. */
  readonly retriesFirst: boolean;
}

export const defaultReconnect: ReconnectOptions = {
  firstDelayMs: 250,
  delayMsMax: 15_000,
  jitter: 0.5,
  attemptsMax: Number.POSITIVE_INFINITY,
  retriesFirst: false,
};

/** Timers and chance, so that tests can bring their own. */
export interface Clockwork {
  /** Calls `callback` once after `delayMs`; the function returned prevents it. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** From 0 up to but not including 1. */
  random(): number;
}

export const systemClockwork: Clockwork = {
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/** Milliseconds to wait after `failedAttempts` failures in a row; 0 for a connection that has only just been lost. */
export function retryDelayMs(
  options: ReconnectOptions,
  failedAttempts: number,
  random: number,
): number {
  const { firstDelayMs, delayMsMax, jitter } = options;
  const delayMs = Math.min(delayMsMax, firstDelayMs * 2 ** failedAttempts);
  return delayMs * (1 - jitter * random);
}
