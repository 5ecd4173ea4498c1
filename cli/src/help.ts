// Help as text: all commands by category, or one with its flags. clipanion has the facts; its own
// layout is not used, for it writes `#0` where a flag takes a value and knows nothing of exit
// codes.
import { type Definition } from "./clipanion.ts";
import { exitCodes } from "./exit.ts";

const columnMax = 80;

/** The order of categories in the list of commands. */
const categories = [
  "Run a server",
  "Modules",
  "Databases",
  "Logs on disk",
  "Clients",
  "Identity",
  "Servers",
];

/** Flags whose value is called otherwise than by the flag's last word. */
const valueNames: Readonly<Record<string, string>> = {
  "--bin-path": "FILE",
  "--call-time-limit": "TIME",
  "--config": "FILE",
  "--config-path": "FILE",
  "--data-dir": "DIR",
  "--delete-grace": "TIME",
  "--from": "OFFSET",
  "--lang": "LANGUAGE",
  "--listen-addr": "HOST:PORT",
  "--max-calls": "COUNT",
  "--max-connections": "COUNT",
  "--max-connections-per-address": "COUNT",
  "--max-connections-per-identity": "COUNT",
  "--max-energy": "UNITS",
  "--max-new-connections": "COUNT",
  "--module-path": "DIR",
  "--pg-listen-addr": "HOST:PORT",
  "--num-lines": "COUNT",
  "--prune-log": "POLICY",
  "--path": "DIR",
  "--server-issued-login": "SERVER",
  "--snapshot-every": "COUNT",
  "--table": "NAME",
  "--to": "OFFSET",
};

/** Puts names in place of the `#0` that clipanion writes for the value of a flag. */
export function nameValues(text: string): string {
  return text.replace(/(--[a-z-]+) #0/g, (_, flag: string) => {
    const word = flag.slice(flag.lastIndexOf("-") + 1).toUpperCase();
    return `${flag} ${valueNames[flag] ?? word}`;
  });
}

/** A flag with its short form and its value: `-b, --bin-path FILE`. */
export function flagText({ definition }: { readonly definition: string }): string {
  return nameValues(definition).replace(",", ", ");
}

/** A command with its arguments, without its flags: `lightcone call DB FUNCTION [ARGS…]`. */
export function signature({ usage }: { readonly usage: string }): string {
  return usage.replace(/<(\w+)>/g, "$1").replace(/ \.\.\.$/, " [ARGS…]");
}

/** The list of all commands. */
export function formatOverview(definitions: readonly Definition[], version: string): string {
  const lines = [
    `Lightcone ${version}: a database that is also a server`,
    "",
    "  lightcone COMMAND [FLAGS]",
  ];
  const shown = (each: Definition): string => signature(each).replace(/^lightcone /, "");
  const width = Math.max(...definitions.map((each) => shown(each).length));
  for (const category of categories) {
    lines.push("", category);
    for (const each of definitions) {
      if (each.category?.trim() !== category) continue;
      lines.push(`  ${shown(each).padEnd(width)}  ${each.description?.trim() ?? ""}`);
    }
  }
  lines.push(
    "",
    "`lightcone COMMAND --help` tells more of one; `lightcone --version` prints the version.",
    "",
    "Exit codes",
  );
  for (const { code, meaning } of Object.values(exitCodes)) {
    lines.push(`  ${String(code).padStart(2)}  ${meaning}`);
  }
  return `${lines.join("\n")}\n`;
}

/** One command with its flags, details and examples. */
export function formatCommand(definition: Definition): string {
  const { description = "", details = "", examples = [], options } = definition;
  const lines = [capitalised(description.trim()), "", `  ${signature(definition)} [FLAGS]`];
  if (options.length > 0) {
    const flags = options.map(flagText);
    const width = Math.max(...flags.map((flag) => flag.length));
    lines.push("", "Flags");
    for (const [i, flag] of flags.entries()) {
      const text = (options[i]?.description ?? "").trim();
      const [first = "", ...others] = wrap(text, columnMax - width - 4);
      lines.push(`  ${flag.padEnd(width)}  ${first}`.trimEnd());
      lines.push(...others.map((other) => `${" ".repeat(width + 4)}${other}`));
    }
  }
  if (details.trim() !== "") lines.push("", ...wrap(details.trim(), columnMax));
  if (examples.length > 0) lines.push("", "Examples");
  for (const [title, example] of examples) lines.push(`  # ${title.trim()}`, `  ${example}`);
  return `${lines.join("\n")}\n`;
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Lines of at most `width` characters, cut between words. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length > width && line !== "") lines.push(line);
    line = longer.length > width ? word : longer;
  }
  return [...lines, line];
}
