// The configuration file of a server, config.toml: options by name, and those keys of the reference's program that mean
// something here.
import { readFileSync } from "node:fs";
import { didYouMean, messageOf } from "@lightcone/abi";
import { CommandError } from "../exit.ts";
import { parseToml } from "../toml.ts";
import { startOptionNames, startOptions, type StartOptionName } from "./options.ts";

/** Sections of the reference's file that say nothing to this server: files that have them are taken as they are. */
const foreignSections: ReadonlySet<string> = new Set([
  "certificate-authority",
  "commitlog",
  "logs",
  "module-http",
  "v8",
  "v8-heap-policy",
  "wasm",
  "websocket",
]);

/** Values as text by option; undefined if there is no such file. */
export type FileValues = ReadonlyMap<StartOptionName, string>;

export function readConfigFile(path: string): FileValues | undefined {
  let source: string;
  try {
    source = readFileSync(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw misconfigured(path, messageOf(thrown));
  }
  return parseConfig(source, path);
}

/** The values in a file's text. A CommandError names the file and the key that it cannot use. */
function parseConfig(source: string, path: string): FileValues {
  let table: Record<string, unknown>;
  try {
    table = parseToml(source);
  } catch (thrown) {
    throw misconfigured(path, messageOf(thrown).trim());
  }
  const values = new Map<StartOptionName, string>();
  const put = (key: string, name: StartOptionName, value: unknown): void => {
    if (values.has(name)) throw misconfigured(path, `${key} says again what ${name} is`);
    const isList = startOptions[name].kind.form === "list";
    values.set(
      name,
      isList && Array.isArray(value) ? listOf(value, key, path) : textOf(value, key, path),
    );
  };
  for (const [key, value] of Object.entries(table)) {
    const name = key.replaceAll("_", "-");
    if (isOptionName(name)) put(key, name, value);
    else if (foreignSections.has(name) && isTable(value)) putAliases(name, value, put);
    else throw unknownKey(key, path);
  }
  return values;
}

function putAliases(
  section: string,
  table: Record<string, unknown>,
  put: (key: string, name: StartOptionName, value: unknown) => void,
): void {
  for (const [key, value] of Object.entries(table)) {
    const path = `${section}.${key}`;
    const name = startOptionNames.find((one) => startOptions[one].aliases?.includes(path));
    if (name !== undefined) put(path, name, value);
  }
}

function isOptionName(name: string): name is StartOptionName {
  return Object.hasOwn(startOptions, name);
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown, key: string, path: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || typeof value === "number" || typeof value === "bigint") {
    return String(value);
  }
  throw misconfigured(path, `${key} must be text, a number, true or false`);
}

/** As a variable has it. */
function listOf(values: readonly unknown[], key: string, path: string): string {
  const isGood = values.every((one) => typeof one === "string" && !one.includes(","));
  if (isGood) return values.join(",");
  throw misconfigured(path, `${key} must be an array of texts without commas`);
}

function misconfigured(path: string, reason: string): CommandError {
  const advice = "`lightcone start --help` lists the options, whose names are the keys.";
  return new CommandError("usage", `${path} cannot be used: ${reason}`, advice);
}

function unknownKey(key: string, path: string): CommandError {
  const hint = didYouMean(key.replaceAll("_", "-"), startOptionNames);
  return misconfigured(path, `there is no option ${key}${hint}`);
}
