// Every row of the tables in abi.md, sections 3 to 12, has a rule.
import { test } from "tap";
import { errnos, moduleExports, moduleImports } from "../src/index.ts";
import { groups } from "./groups.ts";

const rules = groups.flatMap((group) => group.rules);
const ids = new Set(rules.map(({ id }) => id));

/** Rows by section, and the rules that are theirs. */
const rows: Readonly<Record<string, readonly string[]>> = {
  "3: 1 host call failure": ["result.error", "start.setup-fails", "view.error"],
  "3: 2 not in transaction": ["no-transaction.datastore_insert_bsatn", "procedure.no-transaction"],
  "3: 3 decode error": ["insert.decode-short", "point.decode", "range.bound-short", "http.decode"],
  "3: 4 no such table": ["table-id.unknown", "table-scan.unknown-table", "clear.unknown-table"],
  "3: 5 no such index": ["index-id.unknown", "point.unknown-index", "update.other-table"],
  "3: 6 no such iterator": ["advance.invalid", "close.invalid"],
  "3: 7 no such timer": ["timer-end.invalid"],
  "3: 8 no such bytes": ["source-read.invalid", "source-remaining.invalid", "sink-write.invalid"],
  "3: 9 no space, never": ["sink-write.large"],
  "3: 10 wrong index algorithm": ["range.hash", "delete-range.hash"],
  "3: 11 buffer too small": ["advance.too-small", "advance.chunk-is-row"],
  "3: 12 unique already exists": ["insert.unique", "update.unique", "auto.collision"],
  "3: 13 delay too long": ["schedule-insert.too-far", "schedule-update.too-far"],
  "3: 14 index not unique": ["update.not-unique"],
  "3: 15 no such row": ["update.no-row", "update.zero-key"],
  "3: 16 auto-increment overflow, never": ["auto.wrap"],
  "3: 17 would block transaction": [
    "tx-start.twice",
    "http.in-transaction",
    "reducer-context.start",
  ],
  "3: 18 transaction not anonymous": ["tx-commit.none", "tx-abort.none", "reducer-context.commit"],
  "3: 21 HTTP error": ["http.blocked", "http.bad-uri"],
  "5.1 canonical name, then alias": [
    "name.canonical",
    "name.source",
    "name.index-canonical",
    "name.index-source",
  ],
  "5.1 ids are stable": ["table-id.stable", "index-id.stable"],
  "5.2 row count": ["row-count.sees-own-writes", "row-count.committed", "row-count.unknown-table"],
  "5.2 table scan": ["table-scan.all-rows", "table-scan.empty", "table-scan.snapshot"],
  "5.2 point scan": ["point.btree", "point.hash", "point.direct", "point.multi-column"],
  "5.3 prefix_elems 0": ["range.prefix-not-read"],
  "5.3 prefix_elems above 65535": ["range.prefix-count", "delete-range.prefix-count"],
  "5.3 one column remains": ["range.no-column-left", "delete-range.no-column-left"],
  "5.3 the same buffer": ["range.same-buffer"],
  "5.3 start unbounded": ["range.included-end"],
  "5.3 end unbounded": ["range.excluded-start"],
  "5.3 start included": ["range.first-column", "range.prefix-one"],
  "5.3 start excluded": ["range.excluded-start"],
  "5.3 end included": ["range.included-end"],
  "5.3 end excluded": ["range.excluded-end"],
  "5.3 both included, same value": ["range.point-shaped"],
  "5.3 start after end": ["range.backwards"],
  "5.3 key that is a product": ["range.type-identity", "range.type-timestamp"],
  "5.3 malformed": ["range.prefix-short", "range.bound-short", "range.bound-tag"],
  "5.3 hash": ["range.hash", "range.hash-point"],
  "5.3 direct": ["range.direct"],
  "5.3 order of keys": [
    "range.type-i8",
    "range.type-bool",
    "range.type-f64",
    "range.type-string",
    "range.type-bytes",
    "range.type-enum",
    "range.type-u256",
    "range.type-i256",
  ],
  "5.4 insert 1": ["insert.unknown-table", "insert.decode-short"],
  "5.4 insert 2": ["auto.consecutive", "auto.given"],
  "5.4 insert 3": ["insert.set-semantics", "insert.reinsert"],
  "5.4 insert 4": ["insert.unique", "auto.refused-consumes"],
  "5.4 insert 5": ["schedule.past", "schedule-insert.too-far"],
  "5.4 insert 6": ["auto.write-back", "auto.some", "insert.no-write-back"],
  "5.4 update 1": ["update.unknown-table", "update.decode"],
  "5.4 update 2, 4": ["update.zero-key", "update.no-row"],
  "5.4 update 3": ["update.unknown-index", "update.other-table", "update.not-unique"],
  "5.4 update 5": ["update.unique", "update.own-value"],
  "5.4 update 6": ["update.same", "update.replaces"],
  "5.4 update 7": ["schedule.updated"],
  "5.4 update 8": ["update.write-back"],
  "5.4 delete by point": ["delete-point.rows", "delete-point.none"],
  "5.4 delete by range": ["delete-range.first-column", "delete-range.unknown-index"],
  "5.4 delete by equality": ["delete-eq.listed", "delete-eq.whole-row", "delete-eq.twice"],
  "5.4 clear": ["clear.all", "clear.after-delete"],
  "5.4 event tables": ["insert.event-table"],
  "5.5 iterator invalid": ["advance.invalid"],
  "5.5 a chunk fits, more remain": ["advance.partial"],
  "5.5 all chunks fit": ["advance.last", "advance.all-at-once", "advance.exact"],
  "5.5 no rows": ["table-scan.empty"],
  "5.5 chunk larger than the buffer": ["advance.too-small"],
  "5.5 close": ["close.open", "close.invalid"],
  "5.6 0": ["source-read.partial"],
  "5.6 -1": ["source-read.whole", "source-read.exact"],
  "5.6 8": ["source-read.invalid", "source-read.exhausted"],
  "5.6 remaining length": ["source-remaining.all", "source-remaining.exhausted"],
  "5.6 sink": ["sink-write.appends", "sink-write.takes-all", "sink-write.invalid"],
  "5.7 0": ["log.level-0"],
  "5.7 1": ["log.level-1"],
  "5.7 2": ["log.level-2"],
  "5.7 3": ["log.level-3"],
  "5.7 4": ["log.level-4"],
  "5.7 101": ["log.level-101"],
  "5.7 other": ["log.level-5", "log.level-255", "log.level-257"],
  "5.7 absent fields": ["log.absent", "log.fields", "log.line-zero"],
  "5.7 never fails": ["log.bad-pointers"],
  "5.7 traps are logged": ["trap.logged"],
  "5.7 timers": ["timer-start.id", "timer-end.record", "timer-end.once"],
  "5.8 identity": ["identity.own", "start.identity"],
  "5.8 get_jwt": ["jwt.payload", "jwt.not-found"],
  "5.8 immediate": ["immediate.runs", "immediate.not-undone"],
  "5.9 sleep": ["sleep.waits", "sleep.past", "sleep.in-transaction", "reducer-context.sleep"],
  "5.9 start": ["tx-start.opens", "tx-start.twice"],
  "5.9 commit": ["tx-commit.kept", "tx-commit.none"],
  "5.9 abort": ["tx-abort.undone", "tx-abort.none"],
  "5.9 dangling": ["procedure.dangling"],
  "5.9 http: a transaction is open": ["http.in-transaction"],
  "5.9 http: not BSATN": ["http.decode"],
  "5.9 http: failure": ["http.blocked", "http.bad-uri"],
  "6 start-up": [
    "no-transaction.table_id_from_name",
    "no-transaction.procedure_commit_mut_tx",
    "start.import-traps",
  ],
  "6 reducer": ["reducer-context.start", "reducer-context.sleep", "reducer-context.http"],
  "6 view": ["view.start-tx", "view.sleep"],
  "6 procedure, outside": ["procedure.no-transaction"],
  "6 procedure, inside": ["tx-start.twice", "http.in-transaction"],
  "6 HTTP handler": ["handler.no-body", "handler.transaction"],
  "7 memory": ["export.no-memory", "export.memory-kind"],
  "7 __describe_module__": ["export.no-describe", "start.describe-traps"],
  "7 __call_reducer__": ["export.no-call-reducer"],
  "7 __setup__": ["start.setup-fails", "start.setup-other", "start.setup-ok"],
  "7 __preinit__": ["start.preinit-traps", "start.order.__preinit__2_behind_10"],
  "7 _initialize": ["start.order._initialize", "start.initialize-traps"],
  "7 views": ["view.rows", "view.sender"],
  "7 others are ignored": ["export.others", "export.no-start"],
  "7 preinits of C# and C++": [
    "start.order.__preinit__10_startup",
    "start.order.__preinit__99_validate_types",
  ],
  "7.1 sender": ["argument.sender"],
  "7.1 connection": ["argument.connection"],
  "7.1 timestamp": ["argument.timestamp"],
  "7.1 arguments": ["argument.bsatn", "argument.empty"],
  "7.1 id": ["argument.id"],
  "7.2 describe before any call": ["start.order.__describe_module__", "start.again"],
  "7.3 0": ["result.ok"],
  "7.3 1": ["result.error", "result.error-lossy", "result.error-keeps-instance"],
  "7.3 other": [
    "result.two",
    "result.minus-one",
    "result.minus-four",
    "result.other-keeps-instance",
  ],
  "7.3 trap": ["trap.unreachable", "trap.stack", "trap.host"],
  "7.4 2": ["view.rows", "view.sql", "view.sql-empty"],
  "7.4 0": ["view.rows-old"],
  "7.4 1": ["view.error"],
  "7.4 other": ["view.code", "view.trap", "view.malformed"],
  "7.5 procedure": ["procedure.value", "procedure.unit", "procedure.code", "procedure.trap"],
  "7.5 handler": ["handler.response", "handler.code", "handler.trap"],
  "7.6 reducers": ["argument.id", "function.private"],
  "7.6 views": ["view.sender"],
  "7.6 submodules": ["submodule.reducers", "submodule.procedures", "submodule.views"],
  "8.1 version": ["version.10.5", "version.10.6", "version.9.0", "version.mixed", "version.none"],
  "8.3 link": ["link.unknown-function", "link.wasi", "link.wrong-namespace"],
  "8.4 start-up": ["start.start-traps", "start.order.__setup__"],
  "8.5 describe": ["definition.version", "definition.cut-off", "start.describe-nothing"],
  "8 publish": ["program.failed-update"],
  "9 init": ["lifecycle.init", "lifecycle.init-fails"],
  "9 connects": ["lifecycle.connect", "lifecycle.connect-refused", "lifecycle.clients"],
  "9 disconnects": ["lifecycle.disconnect", "lifecycle.disconnect-fails"],
  "9 who may call": ["function.lifecycle", "function.private", "schedule.private"],
  "10 time and interval": ["schedule.time", "schedule.interval"],
  "10 caller and arguments": ["schedule.caller"],
  "10 one-shot rows": ["schedule.row-deleted-after", "schedule.procedure"],
  "10 deleted meanwhile": ["schedule.deleted", "schedule.interval-ends"],
  "10 failed": ["schedule.error", "schedule.trap"],
  "11 a new instance after a trap": ["trap.unreachable", "start.again"],
  "11 others go on": ["procedure.others-go-on"],
  "12 used energy": ["energy.reported"],
  "12 exhausted": ["energy.endless", "energy.afterwards"],
};

void test("every row has rules, and each of them exists", (t) => {
  for (const [row, wanted] of Object.entries(rows)) {
    t.same(
      wanted.filter((id) => !ids.has(id)),
      [],
      row,
    );
    t.not(wanted.length, 0, row);
  }
  t.end();
});

void test("every errno that a host returns has a row", (t) => {
  const reserved = [19, 20];
  for (const { code } of errnos.filter((one) => !reserved.includes(one.code))) {
    t.ok(
      Object.keys(rows).some((row) => row.startsWith(`3: ${code} `)),
      `${code}`,
    );
  }
  t.end();
});

void test("every import and export has a rule, every pointer of an import one of its own", (t) => {
  for (const { name, paramNames } of moduleImports) {
    t.ok(
      rules.some(({ about }) => about === name),
      name,
    );
    const isOld = name.includes("btree");
    const isProcedures = name.startsWith("procedure_");
    if (isOld || isProcedures || name.startsWith("console_")) continue;
    const pointers = paramNames.filter((one) =>
      /^(?:name|out|buffer|buffer_len_ptr|row|row_len_ptr|relation|point|rstart|rend|args|connection_id_ptr)$/.test(
        one,
      ),
    );
    for (const pointer of pointers)
      t.ok(ids.has(`pointer.${name}.${pointer}`), `${name} ${pointer}`);
  }
  for (const { name } of moduleExports.filter((one) => one.name !== "_initialize")) {
    t.ok(ids.has(`export.type.${name}`), name);
  }
  t.end();
});

void test("there are rules enough, and each has an id of its own", (t) => {
  t.equal(ids.size, rules.length);
  t.ok(rules.length >= 150, `${rules.length} rules`);
  for (const { id, states } of rules) {
    t.match(id, /^[a-z-]+\.[a-z0-9_.-]+$/, id);
    t.match(states, /\.$/, `${id} is a sentence`);
  }
  t.end();
});
