// The questions about the catalog that are known, each by what it is asked of, with the facts that answer it. What a question
// selects beside these facts is NULL, so that the versions of psql, which differ in such things, need not be told apart.
import type { CatalogIndex, CatalogTable } from "./contract.ts";
import type { ScalarContext } from "./scalar.ts";

/** What is known of a row: by an expression without blanks and `pg_catalog.`, or by a heading in small letters. */
export type Facts = ReadonlyMap<string, string>;

type MakeFacts = (tables: readonly CatalogTable[], context: ScalarContext) => Facts[];

interface Entry {
  readonly pattern: RegExp;
  readonly facts: (text: string, found: RegExpExecArray) => MakeFacts | undefined;
}

/** Who owns everything, as far as this protocol tells. */
const ownerRole = "owner";

function facts(entries: Readonly<Record<string, string>>): Facts {
  return new Map(Object.entries(entries));
}

function byName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Wildcards of one pattern; more could make matching slow. */
const wildcardCountMax = 3;

/** What psql makes of a pattern: `^(name)$`, with `.*` and `.` as wildcards. Undefined for anything else. */
function namePattern(text: string): RegExp | undefined {
  const inner = /^\^\((.*)\)\$$/.exec(text)?.[1];
  if (inner === undefined || inner.length > 200) return undefined;
  const pieces = inner.match(/\.\*|\.|\\[^\w]|[\p{L}\p{N}_-]|\[\$\]/gu) ?? [];
  if (pieces.join("") !== inner) return undefined;
  if (pieces.filter((piece) => piece === ".*").length > wildcardCountMax) return undefined;
  return new RegExp(`^(?:${pieces.join("")})$`, "u");
}

const relnameForm = /\bc\.relname operator\(pg_catalog\.~\) '([^']*)'/;
const nspnameForm = /\bn\.nspname operator\(pg_catalog\.~\) '([^']*)'/;

/** Which names a question is about, or undefined where that cannot be told. */
function nameFilter(text: string): ((name: string) => boolean) | undefined {
  const patterns: RegExp[] = [];
  const forms: [RegExp, string | undefined][] = [
    [relnameForm, undefined],
    [nspnameForm, "public"],
  ];
  let isOfSchema = true;
  for (const [form, fixed] of forms) {
    const given = form.exec(text)?.[1];
    if (given === undefined) continue;
    const pattern = namePattern(given);
    if (pattern === undefined) return undefined;
    if (fixed === undefined) patterns.push(pattern);
    else isOfSchema = pattern.test(fixed);
  }
  return (name) => isOfSchema && patterns.every((pattern) => pattern.test(name));
}

function relationFacts({ oid, name, kind }: CatalogTable): Facts {
  return facts({
    "c.oid": String(oid),
    "n.nspname": "public",
    "c.relname": name,
    "c.relkind": kind === "table" ? "r" : "v",
    schema: "public",
    name,
    type: kind,
    owner: ownerRole,
    persistence: "permanent",
    "access method": kind === "table" ? "memory" : "",
  });
}

/** `\dt`, `\dv` and `\d` by itself: relations of some kinds. */
function relationList(text: string, found: RegExpExecArray): MakeFacts | undefined {
  const kinds = found[1] as string;
  const isWanted = nameFilter(text);
  if (isWanted === undefined) return undefined;
  if (/'i'/.test(kinds)) return indexList(isWanted);
  return (tables) =>
    byName(tables)
      .filter(
        ({ kind, name }) => kinds.includes(kind === "table" ? "'r'" : "'v'") && isWanted(name),
      )
      .map(relationFacts);
}

function indexList(isWanted: (name: string) => boolean): MakeFacts {
  return (tables) =>
    byName(
      tables.flatMap(({ name: table, indexes }) =>
        indexes.map(({ name, kind }) => ({ name, kind, table })),
      ),
    )
      .filter(({ name }) => isWanted(name))
      .map(({ name, kind, table }) =>
        facts({
          schema: "public",
          name,
          type: "index",
          owner: ownerRole,
          table,
          persistence: "permanent",
          "access method": kind,
        }),
      );
}

/** `\d name`, first: which relations have that name. */
function relationsNamed(text: string): MakeFacts | undefined {
  const isWanted = nameFilter(text);
  if (isWanted === undefined) return undefined;
  return (tables) => byName(tables.filter(({ name }) => isWanted(name))).map(relationFacts);
}

/** What is asked of one relation, by its number. */
function ofRelation(make: (table: CatalogTable) => Facts[]): Entry["facts"] {
  return (_text, found) => {
    const oid = Number(found[1]);
    return (tables) => {
      const table = tables.find((each) => each.oid === oid);
      return table === undefined ? [] : make(table);
    };
  };
}

function detailFacts({ kind, indexes }: CatalogTable): Facts[] {
  return [
    facts({
      "c.relchecks": "0",
      "c.relkind": kind === "table" ? "r" : "v",
      "c.relhasindex": indexes.length > 0 ? "t" : "f",
      "c.relhasrules": "f",
      "c.relhastriggers": "f",
      "c.relrowsecurity": "f",
      "c.relforcerowsecurity": "f",
      "c.relispartition": "f",
      "c.reltablespace": "0",
      "c.relpersistence": "p",
      "c.relreplident": "d",
      "am.amname": "memory",
    }),
  ];
}

function columnFacts({ columns }: CatalogTable): Facts[] {
  return columns.map(({ name, type, isNullable, isAutoIncrement }, i) =>
    facts({
      "a.attname": name,
      "a.attnum": String(i + 1),
      "format_type(a.atttypid,a.atttypmod)": type,
      "a.attnotnull": isNullable ? "f" : "t",
      "a.attidentity": isAutoIncrement ? "d" : "",
      "a.attgenerated": "",
      "a.attstorage": "p",
    }),
  );
}

const kindText = { btree: "btree", hash: "hash", direct: "direct" } as const;

/** In double quotes where a name needs them. */
function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

function indexText(table: string, { name, kind, columns, isUnique }: CatalogIndex): string {
  const unique = isUnique ? "UNIQUE " : "";
  const list = columns.map(quoted).join(", ");
  return `CREATE ${unique}INDEX ${quoted(name)} ON public.${quoted(table)} USING ${kindText[kind]} (${list})`;
}

function indexFacts({ name: table, indexes }: CatalogTable): Facts[] {
  const inOrder = byName(indexes).sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary));
  return inOrder.map((index) =>
    facts({
      "c2.relname": index.name,
      "i.indisprimary": index.isPrimary ? "t" : "f",
      "i.indisunique": index.isUnique ? "t" : "f",
      "i.indisclustered": "f",
      "i.indisvalid": "t",
      "pg_get_indexdef(i.indexrelid,0,true)": indexText(table, index),
      "i.indisreplident": "f",
      "c2.reltablespace": "0",
    }),
  );
}

/** `\l`: the database that the client is connected to. */
const databaseFacts: MakeFacts = (_tables, { database }) => [
  facts({
    name: database,
    "d.datname": database,
    owner: ownerRole,
    encoding: "UTF8",
    collate: "C",
    ctype: "C",
    "locale provider": "libc",
  }),
];

const schemaFacts: MakeFacts = () => [
  facts({ name: "public", "n.nspname": "public", owner: ownerRole }),
];

/** `\du`: the owner, and whom the client calls itself. */
const roleFacts: MakeFacts = (_tables, { user }) =>
  [...new Set([ownerRole, user])].map((name) =>
    facts({
      "r.rolname": name,
      "r.rolsuper": "f",
      "r.rolinherit": "t",
      "r.rolcreaterole": "f",
      "r.rolcreatedb": "f",
      "r.rolcanlogin": "t",
      "r.rolconnlimit": "-1",
      "r.rolreplication": "f",
      "r.rolbypassrls": "f",
      memberof: "{}",
    }),
  );

/** What there is nothing of here: rules, triggers, policies, partitions and so on. */
const emptyTables =
  /\bpg_catalog\.pg_(?:policy|statistic_ext|publication|inherits|constraint|trigger|rewrite|rules|foreign_table|foreign_server|foreign_data_wrapper|sequence|event_trigger|subscription|extension|partitioned_table|db_role_setting|proc|cast|conversion|opclass|operator|aggregate|ts_config|ts_dict|ts_parser|ts_template|tablespace|matviews|default_acl|largeobject_metadata|description)\b/;

const nothing: MakeFacts = () => [];

/** In the order in which they are tried. */
const entries: readonly Entry[] = [
  {
    pattern: /^select c\.relchecks, .* where c\.oid = '(\d+)'$/s,
    facts: ofRelation(detailFacts),
  },
  {
    pattern: /^select a\.attname, .* from pg_catalog\.pg_attribute a where a\.attrelid = '(\d+)'/s,
    facts: ofRelation(columnFacts),
  },
  {
    pattern: /^select c2\.relname, i\.indisprimary, .* where c\.oid = '(\d+)'/s,
    facts: ofRelation(indexFacts),
  },
  { pattern: emptyTables, facts: () => nothing },
  {
    pattern:
      /^select n\.nspname as "Schema", c\.relname as "Name", .* where c\.relkind in \(([^)]*)\)/s,
    facts: relationList,
  },
  {
    pattern: /^select c\.oid, n\.nspname, c\.relname from pg_catalog\.pg_class c /,
    facts: relationsNamed,
  },
  { pattern: / from pg_catalog\.pg_database d /, facts: () => databaseFacts },
  { pattern: / from pg_catalog\.pg_namespace n /, facts: () => schemaFacts },
  { pattern: / from pg_catalog\.pg_roles r /, facts: () => roleFacts },
];

/** What answers a normalised question, or undefined for one that is not known. */
export function findCatalogEntry(text: string): MakeFacts | undefined {
  for (const { pattern, facts: answer } of entries) {
    const found = pattern.exec(text);
    if (found !== null) return answer(text, found);
  }
  return undefined;
}
