// `lightcone call`: one reducer or procedure.
import {
  isJsonObject,
  type JsonValue,
  LightconeError,
  type ModuleDef,
  moduleDefFromJson,
  parseJson,
  type ProductType,
} from "@lightcone/abi";
import type { Api } from "../api.ts";
import { Option, type Usage } from "../clipanion.ts";
import { CommandError } from "../exit.ts";
import { paramsText } from "../type-text.ts";
import { anonymousFlag, ServerCommand } from "./base.ts";

export class CallCommand extends ServerCommand {
  static override paths: string[][] = [["call"]];
  static override usage: Usage = {
    category: "Databases",
    description: "call a reducer or procedure",
    details: `
      Each further argument is a JSON value, in the order of the parameters; or the only one is an
      object by the names of the parameters. Text needs its quotes, and quotes of the shell around
      them. What a procedure returns is printed as JSON.
    `,
    examples: [
      ["Text as an argument", `$0 call chat send_message '"hello"'`],
      ["Arguments by name", `$0 call bank transfer '{"from": 1, "to": 2, "amount": 5}'`],
    ],
  };

  readonly database: string = Option.String({ name: "DB" });
  readonly function: string = Option.String({ name: "FUNCTION" });
  readonly arguments: string[] = Option.Rest({ name: "ARGS" });
  readonly anonymous: boolean = anonymousFlag();

  async run(): Promise<void> {
    const values = this.arguments.map(parseArgument);
    const api = await this.api(this.anonymous ? "none" : "needed");
    const json = await this.#argumentsJson(api, values);
    const answer = await api.call(this.database, this.function, json);
    if (answer === undefined) throw await this.#unknownFunction(api);
    if (answer.value !== undefined) this.output.line(answer.value);
    else this.output.note(`${this.function} was committed.`);
  }

  async #argumentsJson(api: Api, values: readonly JsonValue[]): Promise<string> {
    const [only, ...others] = values;
    // A single object may be the one argument or all of them by name: the parameters decide.
    if (only !== undefined && isJsonObject(only) && others.length === 0) {
      const def = moduleDefFromJson(await api.schema(this.database));
      const params = paramsOf(def, this.function);
      if (params === undefined || areNames(Object.keys(only), params))
        return this.arguments[0] ?? "";
    }
    // As typed, so that no digit of a number is lost.
    return `[${this.arguments.join(",")}]`;
  }

  /**
   * The server says the same for an unknown database and an unknown function; the definition tells
   * which.
   */
  async #unknownFunction(api: Api): Promise<CommandError> {
    const def = moduleDefFromJson(await api.schema(this.database));
    const callable = [...def.reducers, ...def.procedures].filter(({ isPrivate }) => !isPrivate);
    const list = callable.map(({ name, params }) => `${name}${paramsText(params, def)}`);
    return new CommandError(
      "refused",
      `${this.database} has no function ${this.function} that you may call`,
      list.length === 0 ? "It has no functions for callers." : `It has:\n${list.join("\n")}`,
    );
  }
}

function parseArgument(text: string, index: number): JsonValue {
  try {
    return parseJson(text);
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    throw new CommandError(
      "usage",
      `argument ${index + 1}, ${text}, is not JSON: ${thrown.message}`,
      `Text needs quotes inside those of the shell: '${JSON.stringify(text)}'.`,
    );
  }
}

function paramsOf(def: ModuleDef, name: string): ProductType | undefined {
  const found = [...def.reducers, ...def.procedures].find((each) => each.name === name);
  return found?.params;
}

function areNames(keys: readonly string[], { elements }: ProductType): boolean {
  return keys.every((key) => elements.some((element) => element.name === key));
}
