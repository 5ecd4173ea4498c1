import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { defaultText, flagOf, startOptionNames, startOptions, variableOf } from "./options.ts";

const file = fileURLToPath(new URL("../../../../docs/configuration.md", import.meta.url));

/** What the documentation says of all options. */
function rows(): string[] {
  return startOptionNames.map((name) => {
    const { kind, help } = startOptions[name];
    const columns = [`\`${name}\``, kind.title, defaultText(startOptions[name]), help];
    return `| ${columns.join(" | ")} |`;
  });
}

void test("docs/configuration.md has every option as it is, and no others", async (t) => {
  const text = readFileSync(file, "utf8");
  const found = text
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.replace(/ +/g, " "));
  t.same(found, rows());
});

void test("each option has a flag, a variable and a default that it reads itself", async (t) => {
  t.equal(flagOf("listen-addr"), "--listen-addr");
  t.equal(variableOf("listen-addr"), "LIGHTCONE_LISTEN_ADDR");
  for (const name of startOptionNames) {
    const { kind, default: byDefault, help, defaultNote } = startOptions[name];
    t.match(name, /^[a-z]+(?:-[a-z]+)*$/);
    t.ok(help.length > 10, name);
    if (byDefault === undefined) t.ok(defaultNote, name);
    else t.doesNotThrow(() => kind.read(byDefault, name));
    if (kind.form === "switch") t.equal(byDefault, "false", "a flag can only switch on");
  }
});
