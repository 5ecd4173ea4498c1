// `lightcone log …`: the commit logs on this machine's disk, without a host.
import { resolve } from "node:path";
import { cascade, isAtLeast, isInteger, isNumber, Option, type Usage } from "../clipanion.ts";
import { defaultDataDir } from "../config.ts";
import { confirm } from "../confirm.ts";
import { CommandError } from "../exit.ts";
import {
  findingText,
  repairQuestion,
  reportJson,
  segmentLine,
  segmentTable,
  summaryJson,
  transactionJson,
  transactionLine,
} from "../log-text.ts";
import type { OfflineLog } from "@lightcone/host";
import { LightconeCommand, yesFlag } from "./base.ts";

const category = "Logs on disk";

const place =
  "The log is that of DB, a name or an identity, in the data directory, or lies in the directory " +
  "given with `--path`.";

abstract class LogFileCommand extends LightconeCommand {
  readonly database: string | undefined = Option.String({ name: "DB", required: false });
  readonly dataDir: string | undefined = Option.String("--data-dir", {
    description: "the data directory (default: ~/.local/share/lightcone)",
  });
  readonly directory: string | undefined = Option.String("--path", {
    description: "the directory of a log's segments, instead of DB and --data-dir",
  });

  protected async openLog(): Promise<OfflineLog> {
    const { context, database } = this;
    const { openOfflineLog } = await context.loadHost();
    const absolute = (path: string): string => resolve(context.workingFolder, path);
    if (this.directory !== undefined) {
      if (database === undefined && this.dataDir === undefined) {
        return openOfflineLog({ path: absolute(this.directory) });
      }
      throw new CommandError(
        "usage",
        "--path names a log by itself",
        "Leave out DB and --data-dir.",
      );
    }
    if (database === undefined) {
      const advice = "Give the name or identity of a database, or --path with a directory.";
      throw new CommandError("usage", "no log is named", advice);
    }
    const dataDir = this.dataDir === undefined ? defaultDataDir(context) : absolute(this.dataDir);
    return openOfflineLog({ dataDir, database });
  }

  /** How the log is named on a command line. */
  protected words(): string {
    if (this.directory !== undefined) return `--path ${this.directory}`;
    const dataDir = this.dataDir === undefined ? "" : `--data-dir ${this.dataDir} `;
    return `${dataDir}${this.database}`;
  }
}

const jsonFlag = (): boolean =>
  Option.Boolean("--json", false, { description: "print the result as JSON" });

export class LogVerifyCommand extends LogFileCommand {
  static override paths: string[][] = [["log", "verify"]];
  static override usage: Usage = {
    category,
    description: "check every byte of a log, and whether a server would start with it",
    details: `
      ${place} Nothing is written. The exit code is 1 if a server would refuse to start; each finding
      names the file, the byte and the rule of docs/log.md. While a server runs, its last transactions
      may look like an unfinished end.
    `,
    examples: [
      ["A database by its name", "$0 log verify chat"],
      ["A copy of a log", "$0 log verify --path backup/clog"],
    ],
  };

  readonly asJson: boolean = jsonFlag();

  async run(): Promise<void> {
    const { output } = this;
    const log = await this.openLog();
    const report = await log.verify();
    if (this.asJson) {
      output.json(reportJson(log.path, report));
    } else {
      output.note(`The log in ${log.path}:`);
      for (const segment of report.segments) output.line(segmentLine(segment));
      for (const finding of report.findings) output.line(findingText(finding));
      if (log.hasSnapshots) output.note("The snapshots beside it were not looked at.");
    }
    if (report.closing !== undefined) {
      throw new CommandError(
        "refused",
        `a server refuses to start with this log: ${findingText(report.closing)}`,
        `Restore the files from a copy. Without one, \`lightcone log repair ${this.words()}\` says ` +
          "what would have to be cut, and asks.",
      );
    }
    output.note(`All is well: ${report.nextOffset} transactions.`);
  }
}

export class LogSummaryCommand extends LogFileCommand {
  static override paths: string[][] = [["log", "summary"]];
  static override usage: Usage = {
    category,
    description: "show what a log consists of, segment by segment",
    details: `${place} Memory stays small however large the log is.`,
    examples: [["How often each reducer was called", "$0 log summary chat --json"]],
  };

  readonly asJson: boolean = jsonFlag();

  async run(): Promise<void> {
    const { output } = this;
    const summary = await (await this.openLog()).summarize();
    if (this.asJson) {
      output.json(summaryJson(summary));
      return;
    }
    const { columns, rows } = segmentTable(summary);
    output.table(columns, rows);
    for (const finding of summary.report.findings) output.note(findingText(finding));
  }
}

function offsetFlag(name: "--from" | "--to", description: string): number | undefined {
  return Option.String(name, {
    validator: cascade(isNumber(), [isInteger(), isAtLeast(0)]),
    description,
  });
}

export class LogDumpCommand extends LogFileCommand {
  static override paths: string[][] = [["log", "dump"]];
  static override usage: Usage = {
    category,
    description: "print the transactions of a log",
    details: `
      ${place} One line for each transaction: its offset, the call it came from, and the rows it
      inserted (+), deleted (-) or emptied a table of (!), decoded by the schema and the program of that
      time. Long values are cut; \`--json\` has them whole. Everything before \`--from\` is read as well.
    `,
    examples: [
      ["What happened to one table", "$0 log dump chat --table message"],
      ["Every call with its arguments", "$0 log dump chat --json | jq '.reducer, .arguments'"],
    ],
  };

  readonly from: number | undefined = offsetFlag(
    "--from",
    "the first offset to print (default: 0)",
  );
  readonly to: number | undefined = offsetFlag("--to", "the last offset to print (default: all)");
  readonly table: string | undefined = Option.String("--table", {
    description: "only transactions that changed this table, and of those only its rows",
  });
  readonly asJson: boolean = Option.Boolean("--json", false, {
    description: "print one JSON object a line",
  });

  async run(): Promise<void> {
    const { from, to, table, output } = this;
    const textOf = this.asJson ? transactionJson : transactionLine;
    const log = await this.openLog();
    const { closing } = await log.dump({
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(table === undefined ? {} : { table }),
      onTransaction: (transaction) => output.text(`${textOf(transaction)}\n`),
    });
    if (closing === undefined) return;
    throw new CommandError(
      "refused",
      `the log cannot be read further: ${findingText(closing)}`,
      `\`lightcone log verify ${this.words()}\` tells more.`,
    );
  }
}

export class LogRepairCommand extends LogFileCommand {
  static override paths: string[][] = [["log", "repair"]];
  static override usage: Usage = {
    category,
    description: "cut a damaged log back to its last good transaction",
    details: `
      ${place} Says what is lost and asks before anything is cut. What is cut is kept beside the log as
      \`*.cut-POSITION\`. A log that a server starts with is left alone, and so is one whose server
      runs. If there is a backup, restore that instead.
    `,
    examples: [["Without being asked", "$0 log repair chat --yes"]],
  };

  readonly yes: boolean = yesFlag();

  async run(): Promise<void> {
    const { context, output } = this;
    const log = await this.openLog();
    const plan = await log.repair((said) => {
      output.note(`The log in ${log.path}:`);
      return confirm(context, repairQuestion(said), this.yes);
    });
    if (plan === undefined) {
      output.note("There is nothing to repair: a server starts with this log.");
      return;
    }
    for (const { keptAs } of plan.cuts) output.line(`kept ${keptAs}`);
    output.note(`The log now ends with transaction ${plan.firstLost - 1}.`);
  }
}
