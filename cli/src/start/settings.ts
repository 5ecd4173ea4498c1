// What each option of `lightcone start` comes to, and who said so: a flag, else a variable, else the configuration file, else
// the default.
import { join, resolve } from "node:path";
import { didYouMean } from "@lightcone/abi";
import { defaultDataDir } from "../config.ts";
import type { CommandContext } from "../context.ts";
import { CommandError } from "../exit.ts";
import { type FileValues, readConfigFile } from "./config-file.ts";
import {
  defaultText,
  flagOf,
  type StartOption,
  type StartOptionName,
  startOptionNames,
  startOptions,
  type ValueOf,
  variableOf,
} from "./options.ts";

/** The configuration file's own flag and variable. */
export const configOption = "config";

export interface Setting {
  /** As it was given. */
  readonly text: string | undefined;
  /** Who said so, for people. */
  readonly source: string;
}

/** What was said on the command line, by option; the file's path under `config`. */
export type GivenFlags = ReadonlyMap<StartOptionName | typeof configOption, string>;

export class Settings {
  readonly #settings: ReadonlyMap<StartOptionName, Setting>;

  constructor(settings: ReadonlyMap<StartOptionName, Setting>) {
    this.#settings = settings;
  }

  /** What was said of an option, and by whom. */
  setting(name: StartOptionName): Setting {
    return this.#settings.get(name) ?? { text: undefined, source: "default" };
  }

  /** An option's value; undefined where there is no default either. A CommandError for one that cannot be read. */
  value<Name extends StartOptionName>(name: Name): ValueOf<Name> | undefined {
    const { kind, default: byDefault } = startOptions[name] as StartOption<ValueOf<Name>>;
    const { text, source } = this.setting(name);
    if (text !== undefined) return kind.read(text, source);
    return byDefault === undefined ? undefined : kind.read(byDefault, flagOf(name));
  }

  /** An option's value where there always is one. */
  get<Name extends StartOptionName>(name: Name): ValueOf<Name> {
    return this.value(name) as ValueOf<Name>;
  }

  /** Every option with its value and who said so. */
  rows(): { readonly name: StartOptionName; readonly value: string; readonly source: string }[] {
    return startOptionNames.map((name) => {
      const { text, source } = this.setting(name);
      return { name, value: text ?? defaultText(startOptions[name]), source };
    });
  }
}

/** Gathers the settings. `listenAddr` is the one of the command line's own configuration, cli.toml, which counts last. */
export function gatherSettings(
  context: CommandContext,
  flags: GivenFlags,
  listenAddr: { readonly text: string | undefined; readonly path: string },
): Settings {
  const { env, workingFolder } = context;
  const settings = new Map<StartOptionName, Setting>();
  if (listenAddr.text !== undefined) {
    settings.set("listen-addr", { text: listenAddr.text, source: listenAddr.path });
  }
  const said = spoken(flags, env);
  const variable = env[variableOf(configOption)];
  const given = flags.get(configOption) ?? (variable === "" ? undefined : variable);
  const file = given === undefined ? undefined : resolve(workingFolder, given);
  if (file !== undefined) {
    const values = readConfigFile(file);
    if (values === undefined) {
      const advice = "Name another file, or leave the option out.";
      throw new CommandError("usage", `there is no configuration file ${file}`, advice);
    }
    putFile(settings, values, file);
  }
  for (const [name, setting] of said) settings.set(name, setting);
  const dataDir = settings.get("data-dir");
  const directory = dataDirectoryOf(context, dataDir?.text);
  settings.set("data-dir", { text: directory, source: dataDir?.source ?? "default" });
  if (file === undefined) putDefaultFile(settings, join(directory, "config.toml"), said);
  return new Settings(settings);
}

function dataDirectoryOf(context: CommandContext, given: string | undefined): string {
  return given === undefined ? defaultDataDir(context) : resolve(context.workingFolder, given);
}

function putFile(settings: Map<StartOptionName, Setting>, values: FileValues, path: string): void {
  for (const [name, text] of values) settings.set(name, { text, source: `${path}: ${name}` });
}

/** The file in the data directory, which cannot say where that is. */
function putDefaultFile(
  settings: Map<StartOptionName, Setting>,
  path: string,
  said: ReadonlyMap<StartOptionName, Setting>,
): void {
  const values = readConfigFile(path);
  if (values === undefined) return;
  if (values.has("data-dir")) {
    throw new CommandError(
      "usage",
      `${path} cannot be used: it lies in the data directory and cannot name another`,
      "Leave data-dir out of it, or name the file with --config.",
    );
  }
  for (const [name, text] of values) {
    if (!said.has(name)) settings.set(name, { text, source: `${path}: ${name}` });
  }
}

/** What flags and, behind them, variables say. A CommandError for a variable that there is not. */
function spoken(flags: GivenFlags, env: CommandContext["env"]): Map<StartOptionName, Setting> {
  checkVariables(env);
  const settings = new Map<StartOptionName, Setting>();
  for (const name of startOptionNames) {
    const flag = flags.get(name);
    const variable = env[variableOf(name)];
    // An empty variable is one that somebody has taken back.
    if (flag !== undefined) settings.set(name, { text: flag, source: flagOf(name) });
    else if (variable !== undefined && variable !== "") {
      settings.set(name, { text: variable, source: variableOf(name) });
    }
  }
  return settings;
}

/** Variables of Lightcone that are no options of a server. */
const otherVariables = /^LIGHTCONE_(?:CONFIG|CHROMIUM|REQUIRE_ALL|REBUILT_DIR|TEST_.*)$/;

/** A variable that is nearly an option's is a slip; others may be anybody's. */
function checkVariables(env: CommandContext["env"]): void {
  const names = startOptionNames.map(variableOf);
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith("LIGHTCONE_") || otherVariables.test(variable)) continue;
    if (names.includes(variable)) continue;
    const hint = didYouMean(variable, names);
    if (hint === "") continue;
    throw new CommandError(
      "usage",
      `there is no variable ${variable}${hint}`,
      "`lightcone start --print-config` shows what is in force.",
    );
  }
}
