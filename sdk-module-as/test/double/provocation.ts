// How the host double behaves where the ABI leaves a host free (abi.md sections 5.5 and 5.6): each
// choice is one that a guest must live with.

export interface Provocation {
  readonly name: string;
  /** How many rows the chunk of that number holds; a chunk is handed over whole or not at all. */
  readonly rowsOfChunk: (chunk: number) => number;
  /** At most so many chunks are handed over at once. */
  readonly chunksPerAdvance: number;
  /** At most so many bytes of a source are copied at once. */
  readonly sourceBytesMax: number;
  /** At most so many bytes are taken by a sink at once. */
  readonly sinkBytesMax: number;
  /** Memory grows during every import, as it may when an import calls the guest back. */
  readonly growsMemory: boolean;
}

const calm: Provocation = {
  name: "everything at once",
  rowsOfChunk: () => Infinity,
  chunksPerAdvance: Infinity,
  sourceBytesMax: Infinity,
  sinkBytesMax: Infinity,
  growsMemory: false,
};

/** Every provocation a guest must pass. The first provokes nothing. */
export const provocations: readonly Provocation[] = [
  calm,
  { ...calm, name: "rows one by one", rowsOfChunk: () => 1, chunksPerAdvance: 1 },
  { ...calm, name: "chunks of 1, 2, 3 rows", rowsOfChunk: (chunk) => (chunk % 3) + 1 },
  {
    ...calm,
    name: "chunks that grow beyond any buffer",
    rowsOfChunk: (chunk) => 2 ** chunk,
    chunksPerAdvance: 1,
  },
  { ...calm, name: "sources byte by byte", sourceBytesMax: 1 },
  { ...calm, name: "sources in sevens", sourceBytesMax: 7 },
  { ...calm, name: "sinks byte by byte", sinkBytesMax: 1 },
  { ...calm, name: "sinks in threes", sinkBytesMax: 3 },
  { ...calm, name: "memory grows in every import", growsMemory: true, sourceBytesMax: 5 },
  {
    name: "everything at its worst",
    rowsOfChunk: (chunk) => (chunk % 2 === 0 ? 1 : 5),
    chunksPerAdvance: 1,
    sourceBytesMax: 3,
    sinkBytesMax: 2,
    growsMemory: true,
  },
];
