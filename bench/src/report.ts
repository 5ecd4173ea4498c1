// How figures are told: a table for people, or one line of JSON for each.
import type { Figure, Settings } from "./contract.ts";
import type { Machine } from "./machine.ts";

/** One line of JSON. `load` is the load average when the benchmark began. */
export function jsonLine(bench: string, figure: Figure, machine: Machine, load: number): string {
  const { name, value, unit, settings } = figure;
  const { versions, cores, cpu, hasHugePages } = machine;
  return JSON.stringify({
    bench,
    case: name,
    figure: rounded(value),
    unit,
    ...settings,
    versions,
    cores,
    cpu,
    hugePages: onOff(hasHugePages),
    loadAverage: load,
  });
}

/** Four significant digits, or all of those before the point: what lies beyond is noise. */
function rounded(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
}

/** The line above a table: what the figures were taken on. */
export function machineLine(machine: Machine, load: number): string {
  const { versions, cores, cpu, hasHugePages } = machine;
  const { lightcone, node } = versions;
  const hugePages = `huge pages: ${onOff(hasHugePages)}`;
  return `lightcone ${lightcone}, Node ${node}, ${cores} cores, ${cpu}, ${hugePages}, load average ${load}`;
}

function onOff(isOn: boolean): string {
  return isOn ? "on" : "off";
}

/** All figures, aligned in columns; settings that all of them share are told once, above. */
export function table(figures: readonly Figure[]): string {
  const shared = sharedSettings(figures.map(({ settings }) => settings));
  const texts = figures.map(({ settings }) => settingsText(without(settings, shared)));
  const rows = figures.map(({ name, value, unit }, i) => [
    name,
    grouped(value),
    unit,
    texts[i] !== "" && texts[i] === texts[i - 1] ? "the same" : texts[i],
  ]);
  const cells = [["case", "figure", "unit", "with"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => width(row[column]))));
  const lines = cells.map(([name = "", value = "", unit = "", rest = ""]) => {
    const [nameWidth = 0, valueWidth = 0, unitWidth = 0] = widths;
    const start = `${name.padEnd(nameWidth)}  ${value.padStart(valueWidth)}`;
    return `${start}  ${unit.padEnd(unitWidth)}  ${rest}`.trimEnd();
  });
  const heading = settingsText(shared);
  return [...(heading === "" ? [] : [`all with ${heading}`]), ...lines].join("\n");
}

function width(cell: string | undefined): number {
  return cell?.length ?? 0;
}

function sharedSettings(all: readonly Settings[]): Settings {
  const [first = {}, ...others] = all;
  if (others.length === 0) return {};
  return Object.fromEntries(
    Object.entries(first).filter(([key, value]) => others.every((each) => each[key] === value)),
  );
}

function without(settings: Settings, removed: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !(key in removed)));
}

function settingsText(settings: Settings): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key} ${typeof value === "number" ? grouped(value) : String(value)}`)
    .join(", ");
}

/** 61,234 and 0.1234. */
function grouped(value: number): string {
  return rounded(value).toLocaleString("en-US", { maximumFractionDigits: 20 });
}
