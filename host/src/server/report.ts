// Faults of the host and its disk, for whoever runs it.

/** Told of faults that no client is to blame for; `where` says during what. */
export type Report = (thrown: unknown, where: string) => void;
