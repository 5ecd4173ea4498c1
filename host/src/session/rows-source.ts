// Where the rows of a long answer come from, a part at a time.

/** A part of a message: bytes that are there already, or as many as `fill` writes at a position. */
export type SourcePart =
  | { readonly bytes: Uint8Array; readonly isEnd: boolean }
  | {
      readonly length: number;
      readonly fill: (target: Uint8Array, at: number) => void;
      readonly isEnd: boolean;
    };

/** Takes the next part; the last one of a source is its end. */
export type SendPart = (part: SourcePart) => void;

export interface RowsSource {
  /** Whether nothing must be found before the list can begin. */
  readonly isFound: boolean;
  /** Does a little of the finding that is left. Throws LC_LIMIT for a join that tries too much. */
  find(): void;
  /** Does a little of the work and sends what came of it; false once the end was sent. */
  step(send: SendPart): boolean;
  /** Gives back what it holds before the end. */
  close(): void;
}
