// What random runs did, so that a test can tell whether it tested anything.

export interface Tally {
  transactions: number;
  subscriptions: number;
  /** Subscriptions with a join. */
  joins: number;
  /** Subscriptions that were refused. */
  refused: number;
  /** Queries that were asked once. */
  asked: number;
  /** Changes of a query set that a client was told. */
  changes: number;
  events: number;
  viewRuns: number;
}

export function newTally(): Tally {
  return {
    transactions: 0,
    subscriptions: 0,
    joins: 0,
    refused: 0,
    asked: 0,
    changes: 0,
    events: 0,
    viewRuns: 0,
  };
}

/** Adds what another run did. */
export function addTally(total: Tally, other: Readonly<Tally>): void {
  for (const key of Object.keys(total) as (keyof Tally)[]) total[key] += other[key];
}
