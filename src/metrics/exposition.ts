/**
 * Owns the metrics page. In: the node's state and what else the agent knows, all taken at one instant. Out: the page as
 * bytes, in both text formats, made in slices so that the event loop is never held for long.
 * @module
 */
import type { Registry } from "./prom_client.ts";
import type { NodeFacts } from "../../workers/acquire.ts";
import type { CollectorName } from "../../workers/protocol.ts";
import type { Clock } from "../clock.ts";
import type { CollectorHealth } from "../state/collector_health.ts";
import type { NodeState } from "../state/node_state.ts";
import { catalog } from "./catalog.ts";
import { sampleDuration } from "./collector_metrics.ts";
import { labelText } from "./labels.ts";
import { isShown } from "./metric.ts";
import type { Metric, PageInput, ProcessUsage } from "./metric.ts";
import { Page } from "./page.ts";
import {
  type AgentRegistry,
  makeRegistry,
  type PromAnswer,
  type PromValue,
} from "./registry.ts";
import { SeriesWriter } from "./series_writer.ts";
import { Slices } from "./slices.ts";
import { type Format, header, line, pageEnd } from "./text_format.ts";

export type { Format } from "./text_format.ts";
export type { ProcessUsage } from "./metric.ts";

/** Where a page's numbers come from; each is read again for every page. */
export interface ExpositionSources {
  readonly state: NodeState;
  readonly collectors: () => readonly CollectorHealth[];
  /** Asked only for pages that show it. */
  readonly processUsage: () => ProcessUsage;
  readonly facts: NodeFacts;
  /** As `EPERM`; the number where nobody gives it a name. */
  readonly errnoName?: (errno: number) => string;
  /** Objects that count as 100 %. */
  readonly limits: Readonly<Record<CollectorName, number>>;
  /** Totals, resource usage and process metrics are on the page. */
  readonly systemStats: boolean;
  readonly clock: Clock;
}

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

  /** Makes a whole page of the present state, narrowed to `groups` where they are given: chunks, in order. */
  async render(
    format: Format,
    groups?: ReadonlySet<string>,
  ): Promise<Uint8Array[]> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.stream(format, groups)) {
      chunks.push(chunk.slice());
    }
    return chunks;
  }

  /**
   * The same page, chunk by chunk as it is made, each of about 64 KiB: all in one buffer, so a chunk stands only until the
   * next one is asked for. The event loop gets a turn about every 2 ms, and what happens in it does not change the page:
   * it is of the instant at which its first chunk was asked for.
   */
  async *stream(
    format: Format,
    groups?: ReadonlySet<string>,
  ): AsyncGenerator<Uint8Array> {
    const slices = new Slices(this.#sources.clock);
    const input = this.#now();
    const metrics = catalog.filter((metric) =>
      (groups?.has(metric.group) ?? true) && isShown(metric, input)
    );
    const answers = await this.#askClasses(metrics);
    const page = new Page();
    const series = new SeriesWriter(page, input.snapshot);
    for (const metric of metrics) {
      const above = header(metric, format);
      if (metric.kind === "object") {
        for (const _ of series.write(metric, above)) {
          if (page.isFull) yield page.take();
          if (slices.isDue) await slices.turn();
        }
      } else if (metric.kind === "node" && metric.texts !== undefined) {
        let before = above;
        for (const text of metric.texts(input)) {
          page.write(before + line(metric.name, text, 1));
          before = "";
          if (page.isFull) yield page.take();
          if (slices.isDue) await slices.turn();
        }
      } else {
        const samples: Iterable<PromValue> = metric.kind === "node"
          ? metric.samples(input)
          : answers.get(metric.name)?.values ?? [];
        let before = above;
        for (const { labels, value, metricName } of samples) {
          const text = labelText(labels);
          page.write(before + line(metricName ?? metric.name, text, value));
          before = "";
          if (page.isFull) yield page.take();
          if (slices.isDue) await slices.turn();
        }
      }
      if (slices.isDue) await slices.turn();
    }
    page.write(pageEnd[format]);
    yield page.take();
  }

  /** What the metrics hold that are prom-client's own classes: asked all at once, so that it is of one instant too. */
  async #askClasses(
    metrics: readonly Metric[],
  ): Promise<Map<string, PromAnswer>> {
    const answers = metrics.flatMap(({ name }) => {
      const held = this.#agent.classes.get(name);
      return held === undefined ? [] : [{ name, answer: held.get() }];
    });
    const given = new Map<string, PromAnswer>();
    for (const { name, answer } of answers) given.set(name, await answer);
    return given;
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
        errnoName: this.#sources.errnoName ?? String,
        limits,
        systemStats,
        nowMs: this.#sources.clock.monotonicMs(),
      };
      queueMicrotask(() => this.#present = undefined);
    }
    return this.#present;
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
