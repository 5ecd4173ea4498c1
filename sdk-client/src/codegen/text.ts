// How generated text is laid out: a header, blocks with indented lines, comments.

const header =
  "// Generated from the module's definition. Do not edit: the next generation overwrites it.";

export const runtimeImport = 'import * as sdk from "@lightcone/sdk-client";';

/** Members of an interface are indented by two columns out of a hundred. */
export const memberLengthMax = 98;

/** The specifier by which the file of that name is imported. */
export type PathOf = (name: string) => string;

export function fileText(...blocks: readonly string[]): string {
  return `${[header, ...blocks].join("\n\n")}\n`;
}

function indented(lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split("\n")).map((line) => (line === "" ? "" : `  ${line}`));
}

/** Lines between an opening and a closing one; nothing in between makes one line. */
export function block(open: string, lines: readonly string[], close: string): string {
  return lines.length === 0 ? open + close : [open, ...indented(lines), close].join("\n");
}

export function docComment(text: string): string[] {
  return text === "" ? [] : [`/** ${text} */`];
}

/** Names as literals. */
export function quotedAll(names: readonly string[]): string[] {
  return names.map((name) => JSON.stringify(name));
}
