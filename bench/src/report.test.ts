import { test } from "tap";
import type { Figure } from "./contract.ts";
import type { Machine } from "./machine.ts";
import { jsonLine, machineLine, table } from "./report.ts";

const machine: Machine = {
  cores: 2,
  cpu: "A CPU",
  hasHugePages: true,
  versions: { lightcone: "0.1.0", node: "20.19.0" },
};

const throughput: Figure = {
  name: "sockets/rust/alpha-0",
  value: 61_234.4,
  unit: "calls/s",
  settings: { alpha: 0, clients: 64, confirmed: true },
};

const latency: Figure = {
  ...throughput,
  name: `${throughput.name}/p50-ms`,
  value: 1.23456,
  unit: "ms",
};
const echo: Figure = { name: "ws-echo", value: 9, unit: "calls/s", settings: { clients: 64 } };

void test("a line of JSON begins with the figure and holds all it depends on", (t) => {
  const line = jsonLine("transfer", throughput, machine, 0.25);
  const start =
    '{"bench":"transfer","case":"sockets/rust/alpha-0","figure":61234,"unit":"calls/s",';
  t.equal(line.slice(0, start.length), start);
  t.notMatch(line, /\n/);
  t.match(JSON.parse(line), {
    alpha: 0,
    clients: 64,
    confirmed: true,
    versions: { lightcone: "0.1.0", node: "20.19.0" },
    cores: 2,
    cpu: "A CPU",
    hugePages: "on",
    loadAverage: 0.25,
  });
  t.equal((JSON.parse(jsonLine("x", latency, machine, 0)) as { figure: number }).figure, 1.235);
  t.end();
});

void test("a table tells shared settings once", (t) => {
  t.equal(
    table([throughput, latency, echo]),
    [
      "all with clients 64",
      "case                         figure  unit     with",
      "sockets/rust/alpha-0         61,234  calls/s  alpha 0, confirmed true",
      "sockets/rust/alpha-0/p50-ms   1.235  ms       the same",
      "ws-echo                           9  calls/s",
    ].join("\n"),
  );
  t.equal(
    table([echo]),
    ["case     figure  unit     with", "ws-echo       9  calls/s  clients 64"].join("\n"),
  );
  t.end();
});

void test("the machine is told in one line", (t) => {
  t.equal(
    machineLine(machine, 0.25),
    "lightcone 0.1.0, Node 20.19.0, 2 cores, A CPU, huge pages: on, load average 0.25",
  );
  t.end();
});
