import { test } from "tap";
import { threadUsage } from "./thread-usage.ts";

void test("a thread knows its heap", (t) => {
  const { heapUsedBytes, heapTotalBytes, externalBytes, activeMillis } = threadUsage();
  t.ok(heapUsedBytes > 0 && heapUsedBytes <= heapTotalBytes);
  t.ok(externalBytes >= 0);
  t.ok(activeMillis >= 0);
  t.end();
});
