import fc from "fast-check";
import { test } from "tap";
import { PgFault } from "./fault.ts";
import { normalised, splitStatements } from "./split.ts";

/** The SQLSTATE of a text that cannot be split. */
function refusalOf(text: string): string | undefined {
  try {
    splitStatements(text);
  } catch (thrown) {
    return thrown instanceof PgFault ? thrown.sqlState : String(thrown);
  }
  return undefined;
}

void test("statements end where no quote and no comment says otherwise", (t) => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["", []],
    [" ; ;; ", []],
    ["-- nothing", []],
    ["/* a /* b; */ ; */", []],
    ["SELECT 1", ["SELECT 1"]],
    ["  SELECT 1 ; ", ["SELECT 1"]],
    ["a;b", ["a", "b"]],
    ["a 'x;y' ; b", ["a 'x;y'", "b"]],
    ["a 'it''s;' ; b", ["a 'it''s;'", "b"]],
    [`a "x;""y" ; b`, [`a "x;""y"`, "b"]],
    [String.raw`a E'x\';' ; b`, [String.raw`a E'x\';'`, "b"]],
    [String.raw`a 'x\' ; b`, [String.raw`a 'x\'`, "b"]],
    ["a $$x;$$ ; b", ["a $$x;$$", "b"]],
    ["a $tag$x;$$;$tag$ ; b", ["a $tag$x;$$;$tag$", "b"]],
    ["a = $1; b = $2", ["a = $1", "b = $2"]],
    ["a$b$;c$b$", ["a$b$", "c$b$"]],
    ["a -- ; \n ; b", ["a", "b"]],
    ["a /* ; */ c; b", ["a /* ; */ c", "b"]],
  ];
  for (const [text, wanted] of cases) t.same(splitStatements(text), wanted, text);
  for (const text of ["'a", '"a', "/* a", "$$ a", "a; 'b"]) {
    t.equal(refusalOf(text), "42601", text);
  }
  t.end();
});

void test("blanks and letters outside of quotes do not count", (t) => {
  t.equal(
    normalised(" SELECT  A,\n\t'B  C' -- d\n FROM \"E  F\" "),
    `select a, 'B  C' from "E  F"`,
  );
  t.end();
});

void test("whatever the text, it is split or refused", (t) => {
  const piece = fc.constantFrom(
    "'",
    '"',
    "$",
    "$a$",
    ";",
    "--",
    "/*",
    "*/",
    "\n",
    "E'",
    "\\",
    "x",
    " ",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join("");
      try {
        const statements = splitStatements(text);
        t.ok(statements.every((each) => each !== "" && text.includes(each)));
        for (const each of statements) t.same(splitStatements(each), [each]);
      } catch (thrown) {
        t.ok(thrown instanceof PgFault);
      }
    }),
    { numRuns: 2000 },
  );
  t.end();
});
