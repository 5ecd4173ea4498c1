// Metrics as Prometheus reads them. The only importer of `prom-client`.
import { collectDefaultMetrics, type Metric, Registry } from "prom-client";
import type { HistogramData } from "../../base/histogram.ts";

export type Labels = Readonly<Record<string, string | number>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** Where it is not the family's: a histogram's buckets, sum and count. */
  readonly metricName?: string;
}

/** All numbers with one name. */
export class Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly values: Sample[] = [];

  constructor(type: Family["type"], name: string, help: string) {
    this.type = type;
    this.name = name;
    this.help = help;
  }

  add(labels: Labels, value: number): void {
    this.values.push({ labels, value });
  }

  addHistogram(labels: Labels, { bounds, counts, sum }: HistogramData): void {
    let total = 0;
    for (const [i, count] of counts.entries()) {
      total += count;
      const le = bounds[i] ?? "+Inf";
      this.values.push({
        labels: { ...labels, le },
        value: total,
        metricName: `${this.name}_bucket`,
      });
    }
    this.values.push({ labels, value: sum, metricName: `${this.name}_sum` });
    this.values.push({ labels, value: total, metricName: `${this.name}_count` });
  }
}

/** Memory, processor time, event loop and collector of the process: made when they are first asked for, since they cost a timer. */
let ofProcess: Registry | undefined;

function processRegistry(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({
      register: ofProcess,
      prefix: "lightcone_",
      eventLoopMonitoringPrecision: 20,
    });
  }
  return ofProcess;
}

export const prometheusType = "text/plain; version=0.0.4; charset=utf-8";

/** The text of families and of what the process tells of itself. Families without values are left out. */
export async function prometheusText(families: readonly Family[]): Promise<string> {
  const registry = new Registry();
  for (const family of families) {
    if (family.values.length === 0) continue;
    // A registry asks of a metric no more than its name and this; its own classes cannot be filled with what others counted.
    const metric = { name: family.name, get: () => Promise.resolve(family) };
    registry.registerMetric(metric as unknown as Metric);
  }
  return `${await registry.metrics()}\n${await processRegistry().metrics()}`;
}
