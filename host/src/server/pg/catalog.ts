// stub
import type { LocalPlan } from "./plan.ts";
export function planCatalog(_text: string): LocalPlan | undefined {
  return undefined;
}
