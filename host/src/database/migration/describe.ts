// A plan as text for whoever publishes: a heading, then a line for each step.
import { type AlgebraicType, unreachable } from "@lightcone/abi";
import type { NewColumn } from "../../datastore/schema-rows.ts";
import type { MigrationStep } from "./step.ts";
import type { MigrationPlan } from "./plan.ts";

/** A type in a word or two; what it is made of is in the definition. */
function typeText(type: AlgebraicType): string {
  return type.kind === "array" ? `array of ${typeText(type.element)}` : type.kind;
}

function columnLines(columns: readonly NewColumn[]): string[] {
  return columns.map(({ name, type }) => `    - ${name}: ${typeText(type)}`);
}

/** What a step does, the first line as a sentence. */
export function stepLines(step: MigrationStep): string[] {
  switch (step.kind) {
    case "addTable": {
      const what = step.next.isEvent ? "event table" : "user table";
      const head = `Created ${what}: ${step.table} (${step.next.access})`;
      return [head, ...columnLines(step.next.columns)];
    }
    case "removeTable":
      return [`Removed user table: ${step.table}`];
    case "addColumns":
      return [
        `Added columns to table ${step.table}, whose rows are rewritten`,
        ...columnLines(step.added),
      ];
    case "changeEventColumns":
      return [`Changed columns of event table ${step.table}`, ...columnLines(step.next.columns)];
    case "changeColumnType":
      return [`Changed type of column ${step.table}.${step.column.name}: more variants`];
    case "addIndex":
      return [`Created ${step.index.kind} index on table ${step.table}: ${step.index.name}`];
    case "removeIndex":
      return [`Removed index on table ${step.table}: ${step.index.name}`];
    case "changeIndexAlias":
      return [`Changed source name of index ${step.index.name}: ${step.index.alias}`];
    case "addConstraint":
      return [`Created unique constraint on table ${step.table}: ${step.constraint.name}`];
    case "removeConstraint":
      return [`Removed unique constraint on table ${step.table}: ${step.constraint.name}`];
    case "addSequence":
      return [`Created sequence on table ${step.table}: ${step.sequence.name}`];
    case "removeSequence":
      return [`Removed sequence on table ${step.table}: ${step.sequence.name}`];
    case "addSchedule":
      return [`Created schedule on table ${step.table}: calls ${step.schedule.functionName}`];
    case "removeSchedule":
      return [`Removed schedule on table ${step.table}: called ${step.schedule.functionName}`];
    case "changeTableAlias":
      return [`Changed source name of table ${step.table}: ${step.alias}`];
    case "changeColumnAlias":
      return [
        `Changed source name of column ${step.table}.${step.column.name}: ${step.column.alias}`,
      ];
    case "changeAccess":
      return [`Changed access of table ${step.table}: ${step.access}`];
    case "changePrimaryKey":
      return [`Changed primary key of table ${step.table}: ${step.column ?? "none"}`];
    case "addView":
      return [`Created view: ${step.view}`];
    case "removeView":
      return [`Removed view: ${step.view}`];
    case "addRowRule":
      return [`Created row rule: ${step.sql}`];
    case "removeRowRule":
      return [`Removed row rule: ${step.sql}`];
    default:
      return unreachable(step);
  }
}

/** The heading alone where nothing is to be done. */
export function describePlan({ steps, breaksClients }: MigrationPlan): string {
  const lines = steps.flatMap((step) => {
    const [head, ...more] = stepLines(step);
    return [`▸ ${head}`, ...more];
  });
  if (breaksClients) lines.push("! All clients are disconnected and need new bindings");
  return ["Migration plan", ...lines].join("\n");
}
