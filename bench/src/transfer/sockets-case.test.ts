import { test } from "tap";
import type { BenchRun } from "../contract.ts";
import { Workshop } from "../workshop.ts";
import { echoCase, socketsCase } from "./sockets-case.ts";

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

void test("a host under load answers, and its log bears it out", async (t) => {
  const figures = await figuresOf(t, socketsCase(0));
  const names = [
    "sockets/rust/alpha-0",
    "sockets/rust/alpha-0/p50-ms",
    "sockets/rust/alpha-0/p99-ms",
  ];
  t.same(Object.keys(figures), names);
  t.ok(
    Object.values(figures).every((value) => value > 0),
    "each figure is above zero",
  );
  const [, p50 = 0, p99 = 0] = Object.values(figures);
  t.ok(p50 <= p99, `${p50} ms and ${p99} ms`);
});

void test("the echo server takes the same load", async (t) => {
  const figures = await figuresOf(t, echoCase());
  t.same(Object.keys(figures), ["ws-echo"]);
  t.ok((figures["ws-echo"] ?? 0) > 0);
});
