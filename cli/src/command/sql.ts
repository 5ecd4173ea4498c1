// `lightcone sql`: one SQL statement.
import { formatCell, isNumeric } from "../cell.ts";
import { isEnum, Option, type Usage } from "../clipanion.ts";
import { parseSqlResults, type SqlResult } from "../sql-result.ts";
import { anonymousFlag, ServerCommand } from "./base.ts";

const formats = ["table", "json"] as const;

export class SqlCommand extends ServerCommand {
  static override paths: string[][] = [["sql"]];
  static override usage: Usage = {
    category: "Databases",
    description: "run an SQL statement",
    details: `
      The table is for people: text stands in quotes, identities and bytes as 0x…, times as RFC
      3339. \`--format json\` prints the server's answer as it came: an array with one result,
      which has the columns' types, the rows and what was changed.
    `,
    examples: [["All rows of a table", `$0 sql chat "SELECT * FROM message"`]],
  };

  readonly database: string = Option.String({ name: "DB" });
  readonly query: string = Option.String({ name: "QUERY" });
  readonly format: (typeof formats)[number] = Option.String("--format", "table", {
    validator: isEnum(formats),
    description: "table or json (default: table)",
  });
  readonly confirmed: boolean | "true" | "false" = Option.String("--confirmed", true, {
    tolerateBoolean: true,
    validator: isEnum(["true", "false"] as const),
    description: "wait until what is read is on disk: =true or =false (default: true)",
  });
  readonly anonymous: boolean = anonymousFlag();

  async run(): Promise<void> {
    const api = await this.api(this.anonymous ? "none" : "needed");
    const isConfirmed = this.confirmed === true || this.confirmed === "true";
    const text = await api.sql(this.database, this.query, isConfirmed);
    if (this.format === "json") this.output.line(text.trimEnd());
    else for (const result of parseSqlResults(text)) this.#print(result);
  }

  #print(result: SqlResult): void {
    const { columns, rows, insertedCount, deletedCount, updatedCount, durationMicros } = result;
    const time = `${(durationMicros / 1000).toFixed(2)} ms`;
    if (columns.length === 0) {
      this.output.note(
        `inserted ${insertedCount}, deleted ${deletedCount}, updated ${updatedCount} (${time})`,
      );
      return;
    }
    this.output.table(
      columns.map(({ name, type }) => ({ title: name, isNumber: isNumeric(type) })),
      rows.map((row) => columns.map(({ type }, i) => formatCell(type, row[i] ?? null))),
    );
    this.output.note(`${rows.length} ${rows.length === 1 ? "row" : "rows"} (${time})`);
  }
}
