import { t, test } from "tap";
import type { BenchRun } from "../contract.ts";
import { Workshop } from "../workshop.ts";
import { languages } from "./settings.ts";
import { echoCase, socketsCase } from "./sockets-case.ts";

// Seeding a bank takes its time on a busy machine.
t.setTimeout(300_000);

async function figuresOf(
  t: { teardown: (run: () => void) => void },
  benchRun: BenchRun,
): Promise<Record<string, number>> {
  const workshop = new Workshop();
  t.teardown(() => {
    workshop.close();
  });
  const figures = await benchRun.run({
    timing: { windowSeconds: 0.2, warmUpSeconds: 0.2 },
    workshop,
    isWanted: () => true,
  });
  return Object.fromEntries(figures.map(({ name, value }) => [name, value]));
}

for (const language of languages) {
  void test(`a host with the bank in ${language} answers under load, and its log bears it out`, async (t) => {
    const figures = await figuresOf(t, socketsCase(language, 0));
    const name = `sockets/${language}/alpha-0`;
    const names = [name, `${name}/p50-ms`, `${name}/p99-ms`];
    t.same(Object.keys(figures), names);
    t.ok(
      Object.values(figures).every((value) => value > 0),
      "each figure is above zero",
    );
    const [, p50 = 0, p99 = 0] = Object.values(figures);
    t.ok(p50 <= p99, `${p50} ms and ${p99} ms`);
  });
}

void test("the echo server takes the same load", async (t) => {
  const figures = await figuresOf(t, echoCase());
  t.same(Object.keys(figures), ["ws-echo"]);
  t.ok((figures["ws-echo"] ?? 0) > 0);
});
