/**
 * Owns the state of the node on the main thread: one table a type, fed by the workers' messages. In: blocks, births, sample
 * reports. Out: NodeState. It knows no worker and no clock: what it is told decides alone.
 * @module
 */
import type { BlockCopy } from "../../workers/columns.ts";
import type {
  Births,
  Block,
  Buffers as BuffersMessage,
  CpuEntries as CpuEntriesMessage,
  Descriptions,
  Holders,
  HoldersFailed,
  Loads,
  ObjectType,
  Operations as OperationsMessage,
  OperationsFailed,
  RunStats as RunStatsMessage,
  RunStatsFailed,
  Sampled,
} from "../../workers/protocol.ts";
import type { Window } from "../../workers/windows.ts";
import type { ManagerSelector } from "../config/manager_selector.ts";
import { Buffers } from "./buffers.ts";
import { CpuEntries } from "./cpu_entries.ts";
import { Managers, type ManagerTables } from "./managers.ts";
import type { MapRows } from "./map_operations.ts";
import { Operations } from "./operations.ts";
import type {
  NodeSnapshot,
  NodeState,
  SeriesText,
  Table,
} from "./node_state.ts";
import { Owners } from "./owners.ts";
import { RunStats } from "./run_stats.ts";
import { TableState } from "./table_state.ts";

/** Reads what a worker wrote; workers/columns.ts has it. */
export interface BlockSource {
  read(): BlockCopy | undefined;
}

interface OpenBlock {
  readonly epoch: number;
  readonly source: BlockSource;
  /** The last sample that was told is in its table. */
  isApplied: boolean;
}

export interface AggregatorOptions {
  readonly maxSeries: number;
  /** Ids that the kernel gave out last when the agent started. */
  readonly newestIds?: Readonly<Partial<Record<ObjectType, number>>>;
  /** Groups of processes; one per command name and container where there are none. */
  readonly managers?: readonly ManagerSelector[];
  /** Runs of programs are counted in such windows alone; absent: always, or never. */
  readonly runStatsWindow?: Window | undefined;
  /** Makes a text what it is as a label. */
  readonly cleanLabel?: (text: string) => string;
  readonly openBlock: (buffer: SharedArrayBuffer) => BlockSource;
  readonly textOf: <T extends ObjectType>(
    type: T,
    description: Descriptions[T],
  ) => SeriesText;
}

export class Aggregator implements NodeState {
  readonly #openBlock: AggregatorOptions["openBlock"];
  readonly #blocks = new Map<ObjectType, OpenBlock>();
  readonly #tables: { readonly [T in ObjectType]: TableState<T> };
  readonly #owners = new Owners();
  #holdersReason: string | undefined;
  readonly #buffers: Buffers;
  readonly #cpuEntries: CpuEntries;
  readonly #operations: Operations;
  readonly #managers: Managers;
  readonly #runStats: RunStats | undefined;

  constructor(options: AggregatorOptions) {
    this.#openBlock = options.openBlock;
    const { maxSeries, newestIds, textOf } = options;
    this.#buffers = new Buffers(maxSeries);
    this.#cpuEntries = new CpuEntries(maxSeries);
    this.#operations = new Operations(maxSeries);
    const { runStatsWindow } = options;
    this.#runStats = runStatsWindow && new RunStats(runStatsWindow);
    this.#managers = new Managers({
      maxSeries,
      selectors: options.managers ?? [],
      clean: options.cleanLabel ?? ((text) => text),
    });
    this.#tables = {
      map: new TableState({
        type: "map",
        newestId: newestIds?.map,
        counters: [],
        gauges: ["entries"],
        textOf: (description) => textOf("map", description),
        weightOf: ({ keySizeBytes, valueSizeBytes, maxEntries }) =>
          (keySizeBytes + valueSizeBytes) * maxEntries,
        maxSeries,
      }),
      program: new TableState({
        type: "program",
        newestId: newestIds?.program,
        counters: ["runTimeNs", "runCount", "recursionMisses"],
        ratio: {
          of: "runTimeNs",
          name: "cpuRatio",
          peakName: "cpuRatioMax",
          isWindowed: runStatsWindow !== undefined,
        },
        rateOf: "runCount",
        textOf: (description) => textOf("program", description),
        weightOf: (_, counter) => counter("runTimeNs"),
        maxSeries,
      }),
      link: new TableState({
        type: "link",
        newestId: newestIds?.link,
        counters: [],
        textOf: (description) => textOf("link", description),
        weightOf: ({ id }) => -id,
        maxSeries,
      }),
      btf: new TableState({
        type: "btf",
        newestId: newestIds?.btf,
        counters: [],
        textOf: (description) => textOf("btf", description),
        weightOf: ({ sizeBytes }) => sizeBytes,
        maxSeries,
      }),
    };
  }

  /** From now on the table's ticks are read from this block. */
  block({ table, epoch, buffer }: Block): void {
    const source = this.#openBlock(buffer);
    this.#blocks.set(table, { epoch, source, isApplied: false });
  }

  births(births: Births): void {
    this.#announce(births.table, births);
  }

  /** Brings in what a sample changed. */
  sampled(sampled: Sampled): void {
    for (const { table, failure } of sampled.tables) {
      if (failure !== undefined) {
        this.#tables[table].fail(failure);
        continue;
      }
      const block = this.#blocks.get(table);
      if (block === undefined || block.epoch !== sampled.epoch) continue;
      this.#read(table, block);
    }
  }

  /** Takes up a sample after which all is as it was. */
  repeated({ tables, epoch, startedAtMs }: Sampled): void {
    for (const { table } of tables) {
      const block = this.#blocks.get(table);
      if (block === undefined || block.epoch !== epoch) continue;
      // The sample before may not have been to be had when it was told.
      if (!block.isApplied) this.#read(table, block);
      if (block.isApplied) this.#tables[table].repeat(startedAtMs);
    }
  }

  /** Takes up what the kernel's own stream tells of programs. */
  loads(loads: Loads): void {
    this.#tables.program.streamed(loads);
  }

  /** Takes up a look at who keeps objects alive. */
  holders({ pass }: Holders): void {
    this.#holdersReason = undefined;
    const { map, program, link, btf } = this.#tables;
    this.#owners.take(pass, {
      map: map.ownedRows,
      program: program.ownedRows,
      link: link.ownedRows,
      btf: btf.ownedRows,
    });
    const graph = this.#owners.state?.graph;
    if (graph !== undefined) {
      this.#managers.holders(pass, graph, this.#managerTables());
    }
  }

  /** Nobody could look at that: what the last look found stands. */
  holdersFailed({ reason }: HoldersFailed): void {
    this.#holdersReason = reason;
  }

  /** Takes up a look at ring and perf buffers. */
  buffers({ pass, epoch }: BuffersMessage): void {
    this.#buffers.take(pass, epoch);
  }

  /** Takes up what each CPU counted of the entries of maps. */
  cpuEntries({ pass }: CpuEntriesMessage): void {
    this.#cpuEntries.take(pass);
  }

  /** Takes up what was counted of bpf() operations. */
  operations({ pass }: OperationsMessage): void {
    this.#operations.take(pass, this.#mapRows());
    this.#managers.operations(pass);
  }

  /** It could not be read: what was counted stands. */
  operationsFailed({ reason }: OperationsFailed): void {
    this.#operations.failed(reason);
  }

  /** Takes up a window in which runs of programs were counted. */
  runStats({ pass, epoch }: RunStatsMessage): void {
    this.#runStats?.take(pass);
    this.#tables.program.counted(pass, epoch);
  }

  /** None could be opened: there are no ratios until there is one again. */
  runStatsFailed({ reason }: RunStatsFailed): void {
    this.#runStats?.failed(reason);
    this.#tables.program.notCounted();
  }

  /** Other groups of processes from now on. */
  setManagers(selectors: readonly ManagerSelector[]): void {
    this.#managers.select(selectors, this.#managerTables());
  }

  /** So many objects of a type may have series of their own from the next tick on. */
  setMaxSeries(max: number): void {
    for (const table of Object.values(this.#tables)) table.setMaxSeries(max);
    this.#buffers.setMaxSeries(max);
    this.#cpuEntries.setMaxSeries(max);
    this.#operations.setMaxSeries(max);
    this.#managers.setMaxSeries(max);
  }

  freeze(): NodeSnapshot {
    const { map, link, btf } = this.#tables;
    const program = this.#tables.program.freeze();
    const holders = this.#owners.state;
    const buffers = this.#buffers.state;
    const cpuEntries = this.#cpuEntries.state;
    this.#operations.join(this.#mapRows());
    const operations = this.#operations.state;
    return {
      tables: {
        map: this.#owned(map.freeze()),
        program: this.#owned(program),
        link: this.#owned(link.freeze()),
        btf: this.#owned(btf.freeze()),
      },
      ...(holders === undefined ? {} : { holders }),
      ...(this.#holdersReason === undefined
        ? {}
        : { holdersReason: this.#holdersReason }),
      ...(buffers === undefined ? {} : { buffers }),
      ...(cpuEntries === undefined ? {} : { cpuEntries }),
      ...(operations === undefined ? {} : { operations }),
      ...(this.#runStats === undefined
        ? {}
        : { runStats: this.#runStats.state }),
      managers: this.#managers.state(
        this.#managerTables(),
        program.columns.recursionMisses,
      ),
    };
  }

  #mapRows(): MapRows {
    const { ownedRows: { descriptions }, sampledAtMs } = this.#tables.map;
    return { descriptions, sampledAtMs };
  }

  #managerTables(): ManagerTables {
    const { map, program, link } = this.#tables;
    return {
      map: map.ownedRows,
      program: program.ownedRows,
      link: link.ownedRows,
    };
  }

  #read(table: ObjectType, block: OpenBlock): void {
    const copy = block.source.read();
    block.isApplied = copy !== undefined && this.#tables[table].apply(copy);
    if (copy !== undefined && block.isApplied) {
      this.#owners.rowsChanged(
        table,
        this.#tables[table].ownedRows,
        copy.startedAtMs,
      );
    }
  }

  #owned<T extends ObjectType>(table: Table<T>): Table<T> {
    const ownership = this.#owners.of(table.type);
    return ownership === undefined ? table : { ...table, ownership };
  }

  #announce<T extends ObjectType>(table: T, births: Births): void {
    // The message's table says whose descriptions it carries.
    (this.#tables[table] as TableState<T>).announce(births as Births<T>);
  }
}
