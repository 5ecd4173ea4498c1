// A log on disk in words: findings, segments, transactions; for people as lines, for scripts as
// JSON.
import { formatTimestamp } from "./cell.ts";
import { printable } from "./log-line.ts";
import type {
  DumpedTransaction,
  DumpedValue,
  Finding,
  LogReport,
  LogSummary,
  RepairPlan,
  SegmentReport,
} from "@lightcone/host";
import type { Column } from "./table.ts";

/** Longer values are cut where people read them. */
const valueLengthMax = 300;

/** One line: the file, the byte, what is wrong, the rule. */
export function findingText({ path, position, text, rule }: Finding): string {
  return `${path} at byte ${position}: ${text} (${rule})`;
}

function offsetsText({ firstOffset, lastOffset }: SegmentReport): string {
  return lastOffset === undefined ? "no transactions" : `${firstOffset} to ${lastOffset}`;
}

export function segmentLine(segment: SegmentReport): string {
  const { path, commitCount, fileBytes, end } = segment;
  return `${path}: ${offsetsText(segment)}, ${commitCount} commits, ${fileBytes} bytes, end ${end}`;
}

export function reportJson(path: string, report: LogReport): unknown {
  const { segments, findings, closing, nextOffset } = report;
  return { path, starts: closing === undefined, nextOffset, segments, findings };
}

export function summaryJson({ report, calls }: LogSummary): unknown {
  return {
    nextOffset: report.nextOffset,
    segments: report.segments.map((segment, i) => {
      const { firstMicros, lastMicros, countByReducer } = calls[i] ?? noCalls;
      return {
        ...segment,
        firstCall: firstMicros === undefined ? null : formatTimestamp(firstMicros),
        lastCall: lastMicros === undefined ? null : formatTimestamp(lastMicros),
        reducers: Object.fromEntries([...countByReducer].filter(([name]) => name !== "")),
        otherTransactions: countByReducer.get("") ?? 0,
      };
    }),
    findings: report.findings,
  };
}

const noCalls: LogSummary["calls"][number] = {
  firstMicros: undefined,
  lastMicros: undefined,
  countByReducer: new Map(),
};

export function segmentTable({ report, calls }: LogSummary): {
  columns: readonly Column[];
  rows: readonly (readonly string[])[];
} {
  const columns: Column[] = [
    { title: "segment" },
    { title: "offsets" },
    { title: "commits", isNumber: true },
    { title: "transactions", isNumber: true },
    { title: "bytes", isNumber: true },
    { title: "end" },
    { title: "first call" },
    { title: "last call" },
    { title: "calls" },
  ];
  const rows = report.segments.map((segment, i) => {
    const { firstMicros, lastMicros, countByReducer } = calls[i] ?? noCalls;
    return [
      segment.path,
      offsetsText(segment),
      String(segment.commitCount),
      String(segment.transactionCount),
      String(segment.fileBytes),
      segment.end,
      firstMicros === undefined ? "-" : formatTimestamp(firstMicros),
      lastMicros === undefined ? "-" : formatTimestamp(lastMicros),
      callsText(countByReducer),
    ];
  });
  return { columns, rows };
}

/** Reducers by how often they were called. */
function callsText(countByReducer: ReadonlyMap<string, number>): string {
  const counts = [...countByReducer].sort(([, a], [, b]) => b - a);
  return counts.map(([name, count]) => `${printable(name) || "(none)"} ${count}`).join(", ") || "-";
}

/** One line, with long values cut. */
export function transactionLine({ offset, call, changes }: DumpedTransaction): string {
  const words = [String(offset)];
  if (call !== undefined) {
    const { reducer, caller, connection, timestampMicros, args } = call;
    words.push(
      formatTimestamp(timestampMicros),
      `${printable(reducer)}(${short(args)})`,
      `by ${caller}`,
    );
    if (connection !== undefined) words.push(`on ${connection}`);
  }
  for (const { kind, table, rows } of changes) {
    if (kind === "truncate") words.push(`!${table}`);
    const sign = kind === "insert" ? "+" : "-";
    for (const row of rows) words.push(`${sign}${table} ${short(row)}`);
  }
  return words.join("  ");
}

function short(value: DumpedValue): string {
  const text = printable("json" in value ? value.json : `0x${value.hex} (${value.reason})`);
  return text.length <= valueLengthMax ? text : `${text.slice(0, valueLengthMax)}…`;
}

/** One JSON object without a line feed. Values stand in it as the log's own JSON, digit by digit. */
export function transactionJson({ offset, call, changes }: DumpedTransaction): string {
  const head =
    call === undefined
      ? '"reducer":null'
      : [
          `"reducer":${JSON.stringify(call.reducer)}`,
          `"caller":"${call.caller}"`,
          `"connection":${call.connection === undefined ? "null" : `"${call.connection}"`}`,
          `"timestamp_micros":${call.timestampMicros}`,
          `"arguments":${valueJson(call.args)}`,
        ].join(",");
  const changesJson = changes.map(({ kind, table, rows }) => {
    const rowsJson = kind === "truncate" ? "" : `,"rows":[${rows.map(valueJson).join(",")}]`;
    return `{"kind":"${kind}","table":${JSON.stringify(table)}${rowsJson}}`;
  });
  return `{"offset":${offset},${head},"changes":[${changesJson.join(",")}]}`;
}

function valueJson(value: DumpedValue): string {
  if ("json" in value) return value.json;
  return JSON.stringify({ undecoded: value.hex, reason: value.reason });
}

/** What a repair would do, as a question. */
export function repairQuestion(plan: RepairPlan): string {
  const { closing, cuts, indexes, firstLost, lastLost, wholeLost } = plan;
  const lost =
    lastLost === undefined
      ? `transaction ${firstLost} and all after it, none of which can be read`
      : `transactions ${firstLost} to ${lastLost}, ${wholeLost} of which are whole`;
  const lines = [
    findingText(closing),
    ...cuts.map(({ path, position, bytes, keptAs }) =>
      position === 0
        ? `  the whole of ${path} goes (${bytes} bytes, kept as ${keptAs})`
        : `  ${path} is cut at byte ${position} (${bytes} bytes, kept as ${keptAs})`,
    ),
    ...indexes.map((path) => `  ${path} goes, since its segment is missing`),
    `  Lost: ${lost}.`,
    "Cut the log there?",
  ];
  return lines.join("\n");
}
