// Rows of text as an aligned table, in the manner of database shells.

export interface Column {
  readonly title: string;
  /** Numbers are easier to compare when they end below each other. */
  readonly isNumber?: boolean;
}

// What takes two cells of a terminal: East Asian scripts with their full-width forms, and emoji.
const wide =
  /[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\p{Emoji_Presentation}\uFF01-\uFF60]/u;

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** How many cells of a terminal a text takes. */
export function textWidth(text: string): number {
  // Plain ASCII is almost everything, and segmenting is slow.
  if (/^[\x20-\x7E]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}

/** A table with a heading; each line ends with a line feed. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map(({ title }, i) =>
    rows.reduce((max, row) => Math.max(max, textWidth(row[i] ?? "")), textWidth(title)),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ isNumber = false }, i) => pad(cells[i] ?? "", widths[i] ?? 0, isNumber))
      .map((cell) => ` ${cell} `)
      .join("|")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width + 2)).join("+");
  const heading = line(columns.map(({ title }) => title));
  return [heading, rule, ...rows.map(line)].map((each) => `${each}\n`).join("");
}

function pad(text: string, width: number, isNumber: boolean): string {
  const blanks = " ".repeat(width - textWidth(text));
  return isNumber ? blanks + text : text + blanks;
}
