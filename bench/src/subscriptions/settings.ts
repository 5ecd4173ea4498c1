// What the cases of the subscriptions benchmark have in common.

/** Subscriptions of the small and of the large world of a growth case. */
export const watcherCounts = [100, 10_000] as const;

/** Rows of each table that is watched. */
export const rowCount = 100_000;

/** Sockets that all watch one row. */
export const socketCount = 1000;

/** Rows of a first subscription, `(u64, u32, u64)` each. */
export const firstRowCount = 1_000_000;
export const firstRowBytes = 20;

/** What grows: clients that watch what is theirs, queries of one client, ranges, joins. */
export const growthKinds = ["owner", "queries", "ranges", "joins"] as const;
export type GrowthKind = (typeof growthKinds)[number];

/** Accounts of the bank whose changes go over sockets. */
export const accountCount = 10_000;
