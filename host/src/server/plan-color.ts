// The colours of a migration plan on a terminal, for clients that show the text as it is.

const colors = { green: 32, yellow: 33, red: 31, bold: 1 } as const;

function paint(line: string, color: keyof typeof colors): string {
  return `\u001b[${colors[color]}m${line}\u001b[0m`;
}

function colorLine(line: string, position: number): string {
  if (position === 0) return paint(line, "bold");
  if (line.startsWith("!")) return paint(line, "red");
  if (/^\S+ (Created|Added)/.test(line)) return paint(line, "green");
  if (/^\S+ Removed/.test(line)) return paint(line, "red");
  return /^\S+ Changed/.test(line) ? paint(line, "yellow") : line;
}

/** The plan with ANSI colours: what comes green, what goes red, what changes yellow. */
export function colorPlan(text: string): string {
  return text.split("\n").map(colorLine).join("\n");
}
