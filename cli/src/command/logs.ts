// `lightcone logs`: what a module has written to its log.
import {
  cascade,
  isAtLeast,
  isEnum,
  isInteger,
  isNumber,
  Option,
  type Usage,
} from "../clipanion.ts";
import { type LogLevel, logLevels, parseLogLine } from "../log-line.ts";
import { ServerCommand } from "./base.ts";

const formats = ["text", "json"] as const;

/** How many lines come first when following, unless --num-lines says otherwise. */
const followLineCount = 10;

export class LogsCommand extends ServerCommand {
  static override paths: string[][] = [["logs"]];
  static override usage: Usage = {
    category: "Databases",
    description: "print the log of a database's module",
    details: `
      Only the owner of a database may read its log. \`--follow\` prints the last
      ${followLineCount} lines and then each new one, until Ctrl-C. With \`--format json\` each
      line is an object as the server keeps it.
    `,
    examples: [
      ["The last 20 lines", "$0 logs chat --num-lines 20"],
      ["Warnings and worse, as they come", "$0 logs chat --follow --level warn"],
    ],
  };

  readonly database: string = Option.String({ name: "DB" });
  readonly lineCount: number | undefined = Option.String("-n,--num-lines", {
    validator: cascade(isNumber(), [isInteger(), isAtLeast(0)]),
    description: `only the last lines, this many (default: all, or ${followLineCount} with -f)`,
  });
  readonly follow: boolean = Option.Boolean("-f,--follow", false, {
    description: "go on with new lines as they are written",
  });
  readonly format: (typeof formats)[number] = Option.String("--format", "text", {
    validator: isEnum(formats),
    description: "text or json (default: text)",
  });
  readonly level: LogLevel = Option.String("-l,--level", "trace", {
    validator: isEnum(logLevels),
    description: "only lines of this level and worse: trace, debug, info, warn, error, panic",
  });
  readonly isLevelExact: boolean = Option.Boolean("--level-exact", false, {
    description: "only lines of exactly the level given with --level",
  });

  async run(): Promise<void> {
    const stop = this.follow ? this.context.stopSignal() : undefined;
    const api = await this.api("needed", stop);
    const lineCount = this.lineCount ?? (this.follow ? followLineCount : undefined);
    try {
      const bytes = api.logs(this.database, { lineCount, follow: this.follow });
      for await (const line of linesOf(bytes)) await this.#print(line);
      if (this.follow) this.output.note("The server has ended the log.");
    } catch (thrown) {
      // Following ends by Ctrl-C, which is no failure.
      if (stop?.aborted !== true) throw thrown;
    }
  }

  async #print(line: string): Promise<void> {
    const { level, text } = parseLogLine(line);
    if (level !== undefined && !this.#isWanted(level)) return;
    await this.output.text(`${this.format === "json" ? line : text}\n`);
  }

  #isWanted(level: LogLevel): boolean {
    if (this.isLevelExact) return level === this.level;
    return logLevels.indexOf(level) >= logLevels.indexOf(this.level);
  }
}

/**
 * The lines of a body; the last one may lack its line feed. Pieces may end anywhere, inside a
 * character too.
 */
async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
  if (rest !== "") yield rest;
}
