/**
 * Owns the node as a command that takes a sample or two sees it: the same state, by the same code, as the agent's. In: what
 * the collectors say. Out: the state, the collectors' health, and how each table fared in the last sample.
 * @module
 */
import type {
  CollectorName,
  FromWorker,
  ObjectType,
  TableOutcome,
} from "../../workers/protocol.ts";
import { type Config, intervalOf } from "../config/config.ts";
import { cleaned, seriesText } from "../metrics/labels.ts";
import { Aggregator, type BlockSource } from "../state/aggregator.ts";
import type { CollectorHealth } from "../state/collector_health.ts";
import type {
  NodeSnapshot,
  NodeState,
  SeriesText,
} from "../state/node_state.ts";
import { HealthRecord } from "../supervisor/health_record.ts";

const NAMES: readonly CollectorName[] = ["maps", "programs", "links"];

/** What goes wrong is told once, at the end, by whoever asked for the sample. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

export interface SampledNodeOptions {
  readonly config: Pick<
    Config,
    "managers" | "maxSeries" | "intervalMs" | "intervalsMs"
  >;
  openBlock(buffer: SharedArrayBuffer): BlockSource;
  /** The state is for a metrics page, so its objects get their label text. */
  readonly labels?: boolean;
}

const NO_TEXT: SeriesText = { labels: "", info: "" };

/** How long one sample of a collector took. */
export interface SampleTaken {
  readonly name: CollectorName;
  readonly durationMs: number;
}

export class SampledNode implements NodeState {
  readonly #state: Aggregator;
  readonly #health: ReadonlyMap<CollectorName, HealthRecord>;
  readonly #outcomes: Map<ObjectType, TableOutcome> = new Map();
  readonly #samples: SampleTaken[] = [];

  constructor({ config, openBlock, labels }: SampledNodeOptions) {
    this.#state = new Aggregator({
      maxSeries: config.maxSeries,
      managers: config.managers,
      cleanLabel: cleaned,
      openBlock,
      textOf: labels === true ? seriesText : () => NO_TEXT,
    });
    this.#health = new Map(NAMES.map((name) => {
      const intervalMs = intervalOf(config, name);
      return [name, new HealthRecord({ name, intervalMs }, SILENT)];
    }));
  }

  /** Takes what a collector says, in its order. */
  take(message: FromWorker, name: CollectorName): void {
    switch (message.kind) {
      case "ready":
      case "backend":
        this.#health.get(name)?.backend(message);
        break;
      case "block":
        this.#state.block(message);
        break;
      case "births":
        this.#state.births(message);
        break;
      case "sampled":
        this.#state.sampled(message);
        this.#health.get(name)?.sampled(message, message.startedAtMs);
        this.#samples.push({ name, durationMs: message.durationMs });
        for (const outcome of message.tables) {
          this.#outcomes.set(outcome.table, outcome);
        }
        break;
      case "holders":
        this.#state.holders(message);
        break;
      case "holders_failed":
        this.#state.holdersFailed(message);
        break;
      case "buffers":
        this.#state.buffers(message);
        break;
      case "cpu_entries":
        this.#state.cpuEntries(message);
        break;
      case "operations":
        this.#state.operations(message);
        break;
      case "operations_failed":
        this.#state.operationsFailed(message);
        break;
      case "run_stats":
        this.#state.runStats(message);
        break;
      case "run_stats_failed":
        this.#state.runStatsFailed(message);
        break;
      case "stopped":
        break;
    }
  }

  freeze(): NodeSnapshot {
    return this.#state.freeze();
  }

  collectors(): CollectorHealth[] {
    return [...this.#health.values()].map((record) => record.health());
  }

  /** How a table fared in the last sample; undefined before the first. */
  outcome(table: ObjectType): TableOutcome | undefined {
    return this.#outcomes.get(table);
  }

  /** All samples so far, in their order. */
  get samples(): readonly SampleTaken[] {
    return this.#samples;
  }
}
