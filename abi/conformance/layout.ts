// Where things lie in the memory of a test module. The host knows nothing of it: the module's code and the scripts do.

/** Pages of 64 KiB that a test module has at the start. */
export const memoryPages = 32;

/** What the export under way was called with; kept until the next call. */
export const param = {
  id: 64,
  args: 68,
  sink: 72,
  /** The second sink of an HTTP handler. */
  bodySink: 76,
  /** The four u64 words of the sender, least significant first. */
  sender: 80,
  /** The two u64 words of the connection. */
  connection: 112,
  /** i64 microseconds. */
  timestamp: 128,
  /** The second source of an HTTP handler. */
  bodySource: 136,
} as const;

/** Two words for the module's own use, and the name of the table that reports go to. */
export const scratchAt = 16;
export const reportTableAt = 32;
export const reportTable = "report";

/** The hexadecimal digits of a report; in front of them room for the head of a row. */
export const reportAt = 0x1000;

export const definitionAt = 0x1_0000;

/** Scripts that are part of the module: as they are given, and where they are copied to each time they run. */
export const givenAt = 0x2_0000;
export const staticAt = 0x5_0000;
export const staticBytes = 0x2000;

/** The script that a call brings along, up to the end of the memory. */
export const scriptAt = 0x8_0000;

/** Bytes in front of a script's image, and of each of its steps. */
export const headBytes = 20;
export const stepBytes = 124;
export const operandsMax = 9;
