/**
 * Owns the agent's prom-client registry: every metric of the catalog is in it, and it is never the global one. In: the
 * catalog and a source of PageInput. Out: a Registry whose own writer gives the same samples as the exposition does.
 * @module
 */
import { Counter, Gauge, Histogram, Registry } from "./prom_client.ts";
import type { LabelValues, Metric as PromMetric } from "./prom_client.ts";
import { catalog } from "./catalog.ts";
import { cleaned, type Labels, seriesLabels } from "./labels.ts";
import { isShown } from "./metric.ts";
import type {
  Metric,
  ObjectMetric,
  PageInput,
  ProcessMetric,
  Sample,
} from "./metric.ts";
import { restLabels, restValue } from "./object_metrics.ts";

/** What a metric answers to prom-client; `metricName` is that of a histogram's parts. */
export interface PromAnswer {
  readonly values: readonly PromValue[];
}

/** One series as prom-client hands it out. */
export interface PromValue {
  readonly labels: LabelValues<string>;
  readonly value: number;
  readonly metricName?: string;
}

export interface AgentRegistry {
  readonly registry: Registry;
  /** The metrics that keep their values in prom-client's own classes, by name. */
  readonly classes: ReadonlyMap<string, { get(): Promise<PromAnswer> }>;
  /** By name. */
  readonly histograms: ReadonlyMap<string, Histogram>;
}

/**
 * Makes the registry. `input` is asked whenever prom-client collects: metrics collected in one go must be given the same
 * one, so that they are of one instant.
 */
export function makeRegistry(input: () => PageInput): AgentRegistry {
  const registry = new Registry();
  const classes = new Map<string, { get(): Promise<PromAnswer> }>();
  const histograms = new Map<string, Histogram>();
  for (const metric of catalog) {
    if (metric.kind === "process") {
      classes.set(metric.name, processClass(metric, registry, input));
    } else if (metric.kind === "histogram") {
      const histogram = new Histogram({
        name: metric.name,
        help: metric.help,
        labelNames: metric.labels,
        buckets: [...metric.buckets],
        registers: [registry],
      });
      histograms.set(metric.name, histogram);
      classes.set(metric.name, histogram);
    } else {
      registry.registerMetric(customMetric(metric, input));
    }
  }
  return { registry, classes, histograms };
}

/** The series of one metric on a page. */
export function samplesOf(
  metric: Exclude<Metric, { kind: "process" | "histogram" }>,
  input: PageInput,
): Iterable<Sample> {
  if (!isShown(metric, input)) return [];
  return metric.kind === "node"
    ? metric.samples(input)
    : objectSamples(metric, input);
}

function processClass(
  { name, help, type, field }: ProcessMetric,
  registry: Registry,
  input: () => PageInput,
): Counter | Gauge {
  const registers = [registry];
  const read = (): number | undefined => {
    const { systemStats, usage } = input();
    return systemStats ? field(usage) : undefined;
  };
  if (type === "gauge") {
    return new Gauge({
      name,
      help,
      registers,
      collect(): void {
        const value = read();
        // A metric that was reset stands at 0; one whose only series was removed is absent.
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }
  return new Counter({
    name,
    help,
    registers,
    collect(): void {
      const value = read();
      this.remove();
      if (value !== undefined) this.inc(value);
    },
  });
}

/** A metric that keeps no values: prom-client asks no more of one than these members. */
function customMetric(
  metric: Exclude<Metric, { kind: "process" | "histogram" }>,
  input: () => PageInput,
): PromMetric {
  const { name, help, type } = metric;
  const custom = {
    name,
    help,
    type,
    aggregator: "sum",
    get: () => ({
      name,
      help,
      type,
      aggregator: "sum",
      values: Array.from(
        samplesOf(metric, input()),
        ({ labels, value, metricName }) => ({
          labels: cleanedLabels(labels),
          value,
          ...(metricName === undefined ? {} : { metricName }),
        }),
      ),
    }),
    reset: (): void => {},
  };
  return custom as unknown as PromMetric;
}

function cleanedLabels(labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [name, cleaned(value)]),
  );
}

function* objectSamples(
  metric: ObjectMetric,
  { snapshot }: PageInput,
): Generator<Sample> {
  const { size, ownSeries, descriptions } = snapshot.tables[metric.table];
  const valueOf = metric.values(snapshot);
  for (let row = 0; row < size; row++) {
    const value = valueOf(row);
    if (ownSeries[row] === 0 || Number.isNaN(value)) continue;
    const labels = seriesLabels(metric.table, descriptions[row]);
    yield { labels: labels[metric.text], value };
  }
  const value = restValue(metric, snapshot);
  if (value !== undefined) yield { labels: restLabels(metric.labels), value };
}
