/**
 * Owns a small node for tests of the HTTP surface. In: what differs from a well node. Out: everything that createApp()
 * takes, and a clock that stands still until it is moved.
 * @module
 */
import type { NodeFacts } from "../../../../workers/acquire.ts";
import type { ObjectType } from "../../../../workers/protocol.ts";
import type { MapDescription } from "../../../../workers/maps/model.ts";
import type { ProgramDescription } from "../../../../workers/programs/model.ts";
import type { Clock } from "../../../../src/clock.ts";
import { type AppOptions, createApp } from "../../../../src/http/app.ts";
import type { CollectorHealth } from "../../../../src/state/collector_health.ts";
import type { NodeSnapshot } from "../../../../src/state/node_state.ts";

export const GROUPS = ["objects", "memory", "programs", "limits", "agent"];

export class StillClock implements Clock {
  nowMs = 100_000;
  readonly #due = new Set<{ atMs: number; callback: () => void }>();

  monotonicMs(): number {
    return this.nowMs;
  }
  unixMs(): number {
    return Date.UTC(2026, 0, 2, 3, 4, 5) + this.nowMs - 100_000;
  }
  after(delayMs: number, callback: () => void): () => void {
    const entry = { atMs: this.nowMs + delayMs, callback };
    this.#due.add(entry);
    return () => this.#due.delete(entry);
  }
  /** Callbacks that are still to come. */
  get waiting(): number {
    return this.#due.size;
  }
  advance(byMs: number): void {
    this.nowMs += byMs;
    for (const entry of this.#due) {
      if (entry.atMs > this.nowMs) continue;
      this.#due.delete(entry);
      entry.callback();
    }
  }
}

export class RecordedLog {
  readonly lines: string[] = [];
  error(message: string): void {
    this.lines.push(message);
  }
  warn(message: string): void {
    this.lines.push(message);
  }
}

export function aCollector(
  changes: Partial<CollectorHealth> = {},
): CollectorHealth {
  return {
    name: "maps",
    status: "sampling",
    intervalMs: 500,
    backend: "walk",
    backendReason: "it is the only one",
    sampledAtMs: 99_750,
    overdueInARow: 0,
    samples: 12,
    missedTicks: 1,
    syscalls: 345,
    restarts: 0,
    errors: {},
    skipped: {},
    ...changes,
  };
}

/** Before its worker's first word. */
export function aNewCollector(): CollectorHealth {
  return {
    name: "links",
    status: "starting",
    intervalMs: 500,
    overdueInARow: 0,
    samples: 0,
    missedTicks: 0,
    syscalls: 0,
    restarts: 0,
    errors: {},
    skipped: {},
  };
}

export function someFacts(changes: Partial<NodeFacts> = {}): NodeFacts {
  return {
    capabilities: ["CAP_SYS_ADMIN"],
    missing: [],
    privileges: { dropped: true, held: [] },
    runStats: { agent: true, sysctl: false, other: false },
    loadEvents: {},
    ...changes,
  };
}

export const UNPRIVILEGED: NodeFacts = {
  capabilities: [],
  privileges: { dropped: false, held: [] },
  missing: [{
    capability: "CAP_SYS_ADMIN",
    gives: "every object",
    how: "run the agent as root",
  }],
  runStats: { agent: false, reason: "BPF_ENABLE_STATS failed: EPERM" },
  loadEvents: { reason: "perf_event_open failed: EACCES" },
};

export const A_MAP: MapDescription = {
  id: 1,
  identity: "1",
  name: "counts",
  type: "hash",
  keySizeBytes: 4,
  valueSizeBytes: 12,
  maxEntries: 64,
  flags: 0,
};

export const A_PROGRAM: ProgramDescription = {
  id: 2,
  identity: "2",
  name: "trace",
  type: "kprobe",
  tag: "0123456789abcdef",
  jitedBytes: 700,
  xlatedBytes: 300,
};

type Tables = NodeSnapshot["tables"];

function aTable<T extends ObjectType>(
  type: T,
  descriptions: Tables[T]["descriptions"],
): Tables[T] {
  return {
    type,
    status: "sampled",
    sampledAtMs: 99_750,
    size: descriptions.length,
    created: 0,
    destroyed: 0,
    descriptions,
    text: [],
    ownSeries: new Uint8Array(descriptions.length),
    restSize: 0,
    columns: {
      entries: new Float64Array(descriptions.length).fill(NaN),
    },
    rest: {},
  } as unknown as Tables[T];
}

/** One map and one program; each table changed by `changes`. */
export function someTables(
  changes: Partial<Record<keyof Tables["map"], unknown>> = {},
): Tables {
  return {
    map: { ...aTable("map", [A_MAP]), ...changes },
    program: { ...aTable("program", [A_PROGRAM]), ...changes },
    link: { ...aTable("link", []), ...changes },
    btf: { ...aTable("btf", []), ...changes },
  } as Tables;
}

export function unavailableTables(reason: string): Tables {
  return someTables({
    status: "unavailable",
    reason,
    sampledAtMs: undefined,
    size: 0,
    descriptions: [],
  });
}

export interface FakeNode {
  readonly app: ReturnType<typeof createApp>;
  readonly clock: StillClock;
  readonly log: RecordedLog;
}

export interface FakeNodeChanges {
  readonly exposition?: AppOptions["exposition"];
  readonly tables?: Tables;
  readonly collectors?: readonly CollectorHealth[];
  readonly facts?: NodeFacts;
}

export function fakeNode(changes: FakeNodeChanges = {}): FakeNode {
  const clock = new StillClock();
  const log = new RecordedLog();
  const tables = changes.tables ?? someTables();
  const collectors = changes.collectors ?? [aCollector()];
  const app = createApp({
    exposition: changes.exposition ?? pageOf("up 1\n"),
    state: { freeze: () => ({ tables }) },
    collectors: () => collectors,
    facts: changes.facts ?? someFacts(),
    metricGroups: GROUPS,
    clock,
    version: "1.2.3",
    log,
  });
  return { app, clock, log };
}

type Render = (
  ...asked: Parameters<AppOptions["exposition"]["stream"]>
) => Promise<readonly Uint8Array[]>;

/** An exposition whose page is what `render` gives. */
export function expositionOf(render: Render): AppOptions["exposition"] {
  return {
    async *stream(...asked) {
      yield* await render(...asked);
    },
  };
}

/** An exposition that renders `text` and says in its first line for what it was asked. */
export function pageOf(text: string): AppOptions["exposition"] {
  return expositionOf((format, groups) => {
    const asked = `# ${format} ${
      groups === undefined ? "all" : [...groups].join()
    }\n`;
    return Promise.resolve([asked, text].map((s) => bytes(s)));
  });
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
