// The buffers between this module and the host's tables. Each is used within one call of the host and
// never kept, so that one of each is enough and nothing is allocated per row.
import { Reader } from "../bytes/reader";
import { Writer } from "../bytes/writer";

/** Rows, keys and bounds on their way to the host. */
export const scratch: Writer = new Writer(1024);

/** The generated columns that the host wrote over the start of `scratch`. */
export const generated: Reader = new Reader();

/** Where the host writes numbers. */
export const out: usize = memory.data(8);
