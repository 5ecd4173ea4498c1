// Compression of what clients are sent, quick rather than tight: the thread that compresses is the one that runs the database.
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const { BROTLI_PARAM_LGWIN, BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;

/** A gzip member (RFC 1952) of `bytes`. */
export function gzip(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { level: constants.Z_BEST_SPEED });
}

/** A Brotli stream (RFC 7932) of `bytes`. */
export function brotli(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, {
    params: {
      [BROTLI_PARAM_QUALITY]: 1,
      // A window of 256 KiB: the memory of a larger one takes longer to prepare than most messages do.
      [BROTLI_PARAM_LGWIN]: 18,
      [BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}
