/**
 * Owns the metrics page. In: the node's state and what else the agent knows, all taken at one instant. Out: the page as
 * bytes, in both text formats, made in slices so that the event loop is never held for long.
 * @module
 */
import type { Registry } from "prom-client";
import type { NodeFacts } from "../../workers/acquire.ts";
import type { CollectorName } from "../../workers/protocol.ts";
import type { Clock } from "../clock.ts";
import type { CollectorHealth } from "../state/collector_health.ts";
import type { NodeSnapshot, NodeState } from "../state/node_state.ts";
import { catalog } from "./catalog.ts";
import { sampleDuration } from "./collector_metrics.ts";
import { labelText } from "./labels.ts";
import { isShown } from "./metric.ts";
import type { ObjectMetric, PageInput, ProcessUsage } from "./metric.ts";
import { Page } from "./page.ts";
import {
  type AgentRegistry,
  makeRegistry,
  type PromAnswer,
  type PromValue,
} from "./registry.ts";
import {
  type Format,
  header,
  line,
  pageEnd,
  restLine,
  rowLines,
} from "./text_format.ts";

export type { Format } from "./text_format.ts";
export type { ProcessUsage } from "./metric.ts";

/** Where a page's numbers come from; each is read again for every page. */
export interface ExpositionSources {
  readonly state: NodeState;
  readonly collectors: () => readonly CollectorHealth[];
  /** Asked only for pages that show it. */
  readonly processUsage: () => ProcessUsage;
  readonly facts: NodeFacts;
  /** Objects that count as 100 %. */
  readonly limits: Readonly<Record<CollectorName, number>>;
  /** Totals, resource usage and process metrics are on the page. */
  readonly systemStats: boolean;
  readonly clock: Clock;
}

/** Rows between two looks at the clock: about 0.1 ms. */
const ROWS_AT_ONCE = 512;

export class Exposition {
  readonly #sources: ExpositionSources;
  readonly #agent: AgentRegistry;
  #present: PageInput | undefined;

  constructor(sources: ExpositionSources) {
    this.#sources = sources;
    this.#agent = makeRegistry(() => this.#now());
  }

  /** Holds every metric of the catalog; its own writer gives the same samples as `render`, slowly and in one go. */
  get registry(): Registry {
    return this.#agent.registry;
  }

  /** Counts one sample's duration in its collector's histogram. */
  observeSample(collector: CollectorName, durationMs: number): void {
    this.#agent.histograms.get(sampleDuration.name)?.observe(
      { collector },
      durationMs / 1000,
    );
  }

  /**
   * Makes a page of the present state, narrowed to `groups` where they are given. The bytes come in chunks, in order.
   * The event loop gets a turn about every 4 ms meanwhile, and what happens in it does not change the page.
   */
  async render(
    format: Format,
    groups?: ReadonlySet<string>,
  ): Promise<Uint8Array[]> {
    const { clock } = this.#sources;
    const page = new Page(clock);
    const input = this.#now();
    const metrics = catalog.filter((metric) =>
      (groups?.has(metric.group) ?? true) && isShown(metric, input)
    );
    // Asked all at once, before the first turn of the event loop, so that they are of the same instant as the rest.
    const answers = new Map<string, Promise<PromAnswer>>();
    for (const { name } of metrics) {
      const held = this.#agent.classes.get(name);
      if (held !== undefined) answers.set(name, held.get());
    }
    for (const metric of metrics) {
      const above = header(metric, format);
      if (metric.kind === "object") {
        await writeObjects(page, above, metric, input.snapshot);
      } else if (metric.kind === "node") {
        writeSamples(page, above, metric.name, metric.samples(input));
      } else {
        const answer = await answers.get(metric.name);
        writeSamples(page, above, metric.name, answer?.values ?? []);
      }
      if (page.isDue()) await page.turn();
    }
    page.write(pageEnd[format]);
    return page.end();
  }

  /** What there is to tell at this instant: all that ask before the next microtask are told the same. */
  #now(): PageInput {
    if (this.#present === undefined) {
      const { state, collectors, processUsage, facts, limits, systemStats } =
        this.#sources;
      const usage = once(processUsage);
      this.#present = {
        snapshot: state.freeze(),
        collectors: collectors(),
        get usage(): ProcessUsage {
          return usage();
        },
        facts,
        limits,
        systemStats,
        nowMs: this.#sources.clock.monotonicMs(),
      };
      queueMicrotask(() => this.#present = undefined);
    }
    return this.#present;
  }
}

async function writeObjects(
  page: Page,
  above: string,
  metric: ObjectMetric,
  snapshot: NodeSnapshot,
): Promise<void> {
  const table = snapshot.tables[metric.table];
  const valueOf = metric.values(snapshot);
  let unheaded = above;
  const write = (lines: string): void => {
    if (lines === "") return;
    page.write(unheaded + lines);
    unheaded = "";
  };
  for (let from = 0; from < table.size; from += ROWS_AT_ONCE) {
    const to = Math.min(from + ROWS_AT_ONCE, table.size);
    write(rowLines(metric, table, valueOf, { from, to }));
    if (page.isDue()) await page.turn();
  }
  write(restLine(metric, snapshot));
}

function writeSamples(
  page: Page,
  above: string,
  name: string,
  samples: Iterable<PromValue>,
): void {
  let lines = "";
  for (const { labels, value, metricName } of samples) {
    lines += line(metricName ?? name, labelText(labels), value);
  }
  if (lines !== "") page.write(above + lines);
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
