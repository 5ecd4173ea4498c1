// Wrong uses of the decorators: each is a compile error with its place, the rule and the fix, and all are
// told at once. Every row is a file of one module, so that one compilation serves them all.
import { t, test } from "tap";
import { compileText, importAll } from "./rig.ts";
import { wrongUses } from "./wrong-uses.ts";

t.setTimeout(120_000);

function pathOf(i: number): string {
  return `wrong/w${i}.ts`;
}

const files = Object.fromEntries(
  wrongUses.map(({ source }, i) => [pathOf(i), importAll + source.replace("§", "")]),
);
const entry = wrongUses.map((_, i) => `import "../wrong/w${i}";`).join("\n");
const { wasm, errors } = await compileText(entry, { files });

// Text, line and column of the messages about a file, without the shown lines.
function messagesOf(i: number): string {
  return errors
    .filter((each) => each.includes(`in ${pathOf(i)}(`))
    .map((each) => `${each.split("\n")[0]} @${/\.ts(\(\d+,\d+\))$/.exec(each)?.[1]}`)
    .join("\n");
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

void test("each wrong use has one message, with its place, the rule and the fix", async (t) => {
  t.equal(wasm, undefined);
  t.ok(wrongUses.length >= 30);
  for (const [i, { source, message }] of wrongUses.entries()) {
    const at = source.indexOf("§");
    // Decorators are pointed at by their `@`.
    const column = source[at - 1] === "@" ? at : at + 1;
    const line = importAll.split("\n").length;
    const wanted = `^ERROR AS102: User-defined: ${escaped(message)}[^\n]* @\\(${line},${column}\\)$`;
    t.match(messagesOf(i), new RegExp(wanted), source);
  }
});
