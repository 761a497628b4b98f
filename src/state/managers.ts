/**
 * Owns what groups of processes (managers) hold and do. In: looks for holders, passes of operations, the tables. Out: for each manager how
 * many objects its processes hold, and its account. What a process did waits, some seconds at most, until a look has told its cgroups:
 * its group depends on them. A short-lived process is known by the cgroup that it shared with another one.
 * @module
 */
import type { HoldersPass } from "../../workers/links/holders_model.ts";
import type {
  OperatingProcess,
  OperationsPass,
} from "../../workers/operations_model.ts";
import type { ProgramDescription } from "../../workers/programs/model.ts";
import type { ManagerSelector } from "../config/manager_selector.ts";
import type { HoldingGraph } from "./holding_graph.ts";
import { type ManagerAccount, ManagerAccounts } from "./manager_accounts.ts";
import { ManagerNames } from "./manager_names.ts";
import { MissedRuns } from "./missed_runs.ts";
import type { ObjectKey } from "./ownership.ts";
import {
  addCounts,
  type ProcessCounts,
  processCounts,
} from "./process_counts.ts";
import { rowOf } from "./row_search.ts";

/** What a process did waits so long for a look at what it holds. */
const LONGEST_WAIT_MS = 10_000;
/** Processes that wait, and cgroups that are remembered. */
const MOST_REMEMBERED = 4_096;

export interface ManagerState {
  readonly name: string;
  /** Distinct objects that its processes hold, directly or through others; undefined before the first look. */
  readonly held:
    | Readonly<Record<"map" | "program" | "link", number>>
    | undefined;
  readonly account: ManagerAccount;
}

export interface ManagerTables {
  readonly map: { readonly descriptions: readonly { readonly id: number }[] };
  readonly link: { readonly descriptions: readonly { readonly id: number }[] };
  readonly program: { readonly descriptions: readonly ProgramDescription[] };
}

export interface ManagersOptions {
  readonly selectors: readonly ManagerSelector[];
  readonly maxSeries: number;
  /** Makes a name what it is as a label. */
  readonly clean: (name: string) => string;
}

interface Waiting {
  readonly counts: ProcessCounts;
  readonly sinceMs: number;
}

export class Managers {
  readonly #names: ManagerNames;
  readonly #accounts: ManagerAccounts;
  readonly #missed = new MissedRuns();
  readonly #waiting = new Map<string, Waiting>();
  /** Text of /proc/PID/cgroup by the inode that operations tell. */
  readonly #cgroups = new Map<string, string>();
  /** The same by process, of the last look. */
  #holders = new Map<string, string>();
  #held = new Map<string, readonly ObjectKey[]>();
  #last: { pass: HoldersPass; graph: HoldingGraph } | undefined;

  constructor({ selectors, maxSeries, clean }: ManagersOptions) {
    this.#names = new ManagerNames(selectors, clean);
    this.#accounts = new ManagerAccounts(maxSeries);
  }

  setMaxSeries(max: number): void {
    this.#accounts.setMax(max);
  }

  /** Other groups from now on; what was counted by name stands. */
  select(selectors: readonly ManagerSelector[], tables: ManagerTables): void {
    this.#names.select(selectors);
    if (this.#last !== undefined) {
      this.holders(this.#last.pass, this.#last.graph, tables);
    }
  }

  /** Takes up a look for holders. @param graph of the same look */
  holders(
    pass: HoldersPass,
    graph: HoldingGraph,
    tables: ManagerTables,
  ): void {
    this.#last = { pass, graph };
    this.#holders = new Map(
      pass.processes.map((process) => [processKey(process), process.cgroups]),
    );
    const processes = new Map<string, number[]>();
    pass.processes.forEach((process, index) => {
      const name = this.#names.of(process);
      if (name === undefined) return;
      const group = processes.get(name);
      if (group === undefined) processes.set(name, [index]);
      else group.push(index);
    });
    const reached = graph.reachedBy(processes.values());
    const held = new Map<string, ObjectKey[]>();
    [...processes.keys()].forEach((name, i) => {
      const keys = reached[i].filter((key) => isIn(tables, key));
      if (keys.length === 0) return;
      this.#accounts.of(name, pass.takenAtMs);
      const shown = this.#accounts.shownName(name);
      const before = held.get(shown);
      held.set(shown, before === undefined ? keys : distinct(before, keys));
    });
    this.#held = held;
    this.#settle(pass.takenAtMs);
  }

  /** Takes up what processes did. */
  operations(pass: OperationsPass): void {
    for (const counts of processCounts(pass)) {
      const key = processKey(counts.process);
      const before = this.#waiting.get(key);
      if (before !== undefined) addCounts(before.counts, counts);
      else this.#waiting.set(key, { counts, sinceMs: pass.takenAtMs });
    }
    this.#settle(pass.takenAtMs);
  }

  /** All managers that hold something or did something, by name. */
  state(
    tables: ManagerTables,
    recursionMisses: Float64Array,
  ): ManagerState[] {
    const { descriptions } = tables.program;
    for (const [name, keys] of this.#held) {
      const { takenAtMs } = this.#last?.pass ?? { takenAtMs: 0 };
      this.#accounts.of(name, takenAtMs).missedRuns += this.#missed.risen(
        name,
        keys.flatMap(({ type, id }) => type === "program" ? [id] : []),
        { descriptions, recursionMisses },
      );
    }
    return this.#accounts.all().map(([name, account]) => ({
      name,
      account: copyOf(account),
      held: this.#last === undefined
        ? undefined
        : countHeld(this.#held.get(name) ?? [], tables),
    }));
  }

  /** Gives what processes did to their managers, as soon as these are known. */
  #settle(nowMs: number): void {
    const isCrowded = this.#waiting.size > MOST_REMEMBERED;
    const lookedAtMs = this.#last?.pass.takenAtMs ?? -Infinity;
    for (const [key, { counts, sinceMs }] of this.#waiting) {
      const cgroups = this.#cgroupsOf(counts.process);
      const mustWait = cgroups === undefined && lookedAtMs <= sinceMs &&
        nowMs - sinceMs < LONGEST_WAIT_MS && !isCrowded;
      if (mustWait) continue;
      this.#waiting.delete(key);
      const { pid, comm } = counts.process;
      const name = this.#names.of({ pid, comm, cgroups: cgroups ?? "" });
      if (name !== undefined) addCounts(this.#accounts.of(name, nowMs), counts);
    }
  }

  #cgroupsOf(process: OperatingProcess): string | undefined {
    const { cgroupId } = process;
    const known = this.#holders.get(processKey(process));
    if (cgroupId === "0") return known;
    if (known === undefined) return this.#cgroups.get(cgroupId);
    if (this.#cgroups.size >= MOST_REMEMBERED) this.#cgroups.clear();
    this.#cgroups.set(cgroupId, known);
    return known;
  }
}

/** Both are told by the kernel's own clock, to the ns. */
function processKey(
  { pid, startedAtMs }: { readonly pid: number; readonly startedAtMs: number },
): string {
  return `${pid} ${startedAtMs}`;
}

function isIn(tables: ManagerTables, { type, id }: ObjectKey): boolean {
  return type !== "btf" && rowOf(tables[type].descriptions, id) >= 0;
}

function distinct(
  some: readonly ObjectKey[],
  more: readonly ObjectKey[],
): ObjectKey[] {
  const all = new Map<string, ObjectKey>();
  for (const key of [...some, ...more]) all.set(`${key.type} ${key.id}`, key);
  return [...all.values()];
}

/** What is handed out stays as it is. */
function copyOf(account: ManagerAccount): ManagerAccount {
  const { lookups, updates, loads, missedRuns } = account;
  return {
    lookups,
    updates,
    missedRuns,
    loads: loads && { buckets: [...loads.buckets], sumMs: loads.sumMs },
    loadErrors: new Map(account.loadErrors),
    attachErrors: new Map(account.attachErrors),
  };
}

function countHeld(
  keys: readonly ObjectKey[],
  tables: ManagerTables,
): Record<"map" | "program" | "link", number> {
  const held = { map: 0, program: 0, link: 0 };
  for (const key of keys) {
    if (key.type !== "btf" && isIn(tables, key)) held[key.type]++;
  }
  return held;
}
