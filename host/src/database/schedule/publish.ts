// Schedules' share of a publish: intervals keep their phase when their table is made anew.
import type { PublishStage } from "../publish-stages.ts";

export const scheduleStage: PublishStage = {
  change: ({ schedules }, tx) => {
    schedules.follow(tx);
  },
};
