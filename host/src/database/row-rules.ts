// Row rules' share of a publish: what a module declares is checked against its tables and kept in `st_row_level_security`, where
// queries find it (sql-and-subscriptions.md section 8).
import { Identity, LightconeError } from "@lightcone/abi";
import { systemTableId } from "../datastore/system-tables.ts";
import { checkRowRules } from "../sql/bind/rules.ts";
import { callerViews } from "./views/live-view.ts";
import type { PublishStage } from "./publish-stages.ts";

const nobody = Identity.zero;

/** Rules come after tables and views, which they may name. Throws LC_MODULE_INVALID, with the fault of each rule. */
export const rowRuleStage: PublishStage = {
  change: ({ datastore }, tx, { module }) => {
    const { catalog } = datastore;
    const caller = {
      identity: nobody,
      isOwner: true,
      view: callerViews(module.views, nobody.toBytes()),
    };
    const { rules, faults } = checkRowRules(module.definition.rowLevelSecurity, datastore, caller);
    if (faults.length > 0) {
      throw new LightconeError("LC_MODULE_INVALID", "the module's row rules:", faults);
    }
    const table = catalog.table(systemTableId.rowLevelSecurity);
    if (table.rowCount > 0) tx.clear(table);
    for (const { tableId, sql } of rules) {
      catalog.insert(tx, systemTableId.rowLevelSecurity, { table_id: tableId, sql });
    }
  },
};
