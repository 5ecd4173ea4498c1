// How sockets end: the codes in use and reasons that fit (protocol.md section 8).

/** Codes of a Close frame. */
export const CloseCode = {
  normal: 1000,
  /** The module is gone: deleted, reset, or replaced by one that breaks its clients. */
  goingAway: 1001,
  /** A frame that does not decode, or a failure while handling one. */
  internalError: 1011,
  /** The queue of incoming messages is full. */
  tryAgainLater: 1013,
} as const;

/** Most bytes of UTF-8 that a reason may have: a control frame holds 125, two of them the code. */
export const closeReasonLengthMax = 123;

const utf8 = new TextEncoder();

/** `text` cut so that it fits into a Close frame, between characters. */
export function closeReason(text: string): string {
  const { read } = utf8.encodeInto(text, new Uint8Array(closeReasonLengthMax));
  return text.slice(0, read);
}
