// `lightcone describe`: the tables and functions of a database.
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ModuleDef,
  moduleDefFromJson,
  parseJson,
  stringifyJson,
} from "@lightcone/abi";
import { isEnum, Option, type Usage } from "../clipanion.ts";
import { describeModule, describeTable, procedureText, reducerText } from "../describe-text.ts";
import { CommandError } from "../exit.ts";
import { ServerCommand } from "./base.ts";

const kinds = ["table", "reducer"] as const;
type Kind = (typeof kinds)[number];

export class DescribeCommand extends ServerCommand {
  static override paths: string[][] = [["describe"]];
  static override usage: Usage = {
    category: "Databases",
    description: "show a database's tables and functions, or one of them",
    details: `
      KIND is table or reducer (which finds procedures, too) and goes with a NAME. \`--json\`
      prints the definition, or that part of it, as the server gives it.
    `,
    examples: [
      ["Everything", "$0 describe chat"],
      ["One table", "$0 describe chat table message"],
    ],
  };

  readonly database: string = Option.String({ name: "DB" });
  readonly kind: Kind | undefined = Option.String({
    name: "KIND",
    required: false,
    validator: isEnum(kinds),
  });
  readonly name: string | undefined = Option.String({ name: "NAME", required: false });
  readonly asJson: boolean = Option.Boolean("--json", false, { description: "print it as JSON" });

  async run(): Promise<void> {
    const { kind, name } = this;
    if (kind !== undefined && name === undefined) {
      throw new CommandError(
        "usage",
        `describe ${kind} needs a name`,
        `Without \`${kind}\`, everything is shown.`,
      );
    }
    const api = await this.api("if there");
    const text = await api.schema(this.database);
    const def = moduleDefFromJson(text);
    const part =
      kind === undefined || name === undefined
        ? describeModule(def)
        : describePart(def, kind, name);
    if (part === undefined) throw unknownPart(def, kind ?? "table", name ?? "");
    if (!this.asJson) await this.output.text(part);
    else if (kind === undefined) this.output.line(text.trimEnd());
    else this.output.line(stringifyJson(jsonPart(parseJson(text), kind, name ?? "")));
  }
}

function describePart(def: ModuleDef, kind: Kind, name: string): string | undefined {
  if (kind === "table") {
    const table = def.tables.find((each) => each.name === name);
    return table === undefined ? undefined : describeTable(table, def);
  }
  const reducer = def.reducers.find((each) => each.name === name);
  if (reducer !== undefined) return `${reducerText(reducer, def)}\n`;
  const procedure = def.procedures.find((each) => each.name === name);
  return procedure === undefined ? undefined : `${procedureText(procedure, def)}\n`;
}

function unknownPart(def: ModuleDef, kind: Kind, name: string): CommandError {
  const parts = kind === "table" ? def.tables : [...def.reducers, ...def.procedures];
  const names = parts.map((part) => part.name).join(", ");
  return new CommandError(
    "refused",
    `there is no ${kind} ${name}`,
    `There are: ${names || "none"}.`,
  );
}

/**
 * The entry of a V10 definition (http-and-auth.md 6.3), whose sections are objects with one key.
 */
function jsonPart(json: JsonValue, kind: Kind, name: string): JsonValue {
  const sections = isJsonObject(json) ? json["sections"] : undefined;
  const titles = kind === "table" ? ["Tables"] : ["Reducers", "Procedures"];
  if (sections === undefined || !isJsonArray(sections)) return null;
  for (const section of sections.filter(isJsonObject)) {
    const entries = titles.map((title) => section[title]).find((found) => found !== undefined);
    if (entries === undefined || !isJsonArray(entries)) continue;
    const named = (entry: JsonValue): entry is JsonObject =>
      isJsonObject(entry) && entry["source_name"] === name;
    const found = entries.find(named);
    if (found !== undefined) return found;
  }
  return null;
}
