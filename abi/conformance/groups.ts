// Every rule of the suite, by the module that it runs in.
import type { RuleGroup } from "./rule.ts";
import { bytesRules } from "./rules/bytes.ts";
import { callRules } from "./rules/calls.ts";
import { consoleRules } from "./rules/console.ts";
import { namesProgram, namesRules } from "./rules/definition.ts";
import { deleteRules } from "./rules/deletes.ts";
import { energyRules, handlerProgram, handlerRules } from "./rules/handler.ts";
import { lifecycleProgram, lifecycleRules } from "./rules/lifecycle.ts";
import { loadingRules } from "./rules/loading.ts";
import { pointerRules } from "./rules/pointers.ts";
import { procedureProgram, procedureRules } from "./rules/procedure.ts";
import { keysProgram, rangeRules } from "./rules/ranges.ts";
import { readRules } from "./rules/reads.ts";
import { scheduleProgram, scheduleRules } from "./rules/schedule.ts";
import { startProgram, startRules } from "./rules/start.ts";
import { submoduleProgram, submoduleRules } from "./rules/submodule.ts";
import { viewProgram, viewRules } from "./rules/view.ts";
import { dataProgram } from "./rules/world.ts";
import { writeRules } from "./rules/writes.ts";

export const groups: readonly RuleGroup[] = [
  { name: "reads", program: dataProgram, rules: readRules },
  { name: "writes", program: dataProgram, rules: writeRules },
  { name: "deletes", program: dataProgram, rules: deleteRules },
  { name: "ranges", program: keysProgram, rules: rangeRules },
  { name: "bytes", program: dataProgram, rules: bytesRules },
  { name: "console", program: dataProgram, rules: consoleRules },
  { name: "pointers", program: dataProgram, rules: pointerRules },
  { name: "calls", program: dataProgram, rules: callRules },
  { name: "loading", program: undefined, rules: loadingRules },
  { name: "start", program: startProgram, rules: startRules },
  { name: "names", program: namesProgram, rules: namesRules },
  { name: "submodules", program: submoduleProgram, rules: submoduleRules },
  { name: "lifecycle", program: lifecycleProgram, rules: lifecycleRules },
  { name: "schedules", program: scheduleProgram, rules: scheduleRules },
  { name: "procedures", program: procedureProgram, rules: procedureRules },
  { name: "views", program: viewProgram, rules: viewRules },
  { name: "handlers", program: handlerProgram, rules: handlerRules },
  { name: "energy", program: dataProgram, rules: energyRules },
];
