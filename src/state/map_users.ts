/**
 * Owns which command operates on a map most. In: operations by process, over a period. Out: the first command, its share of all, and its
 * processes: a loop in a shell is a thousand processes that do one operation each. Bounded: beyond some commands the rest is counted, but
 * not told apart.
 * @module
 */
import type { OperatingProcess } from "../../workers/operations_model.ts";

/** Commands of one map that are told apart in a period. */
const MOST_COMMANDS = 32;
/** Processes of one command that are told apart in a period. */
export const MOST_PROCESSES = 256;

export interface MapUser {
  /** The process of that command that did most. */
  readonly pid: number;
  /** A hostile string. */
  readonly comm: string;
  /** Processes of that command that operated on the map; MOST_PROCESSES are that many or more. */
  readonly processes: number;
  /** Of the map's operations in the period, by all of them: above 0, at most 1. */
  readonly ratio: number;
}

interface Command {
  count: number;
  /** By pid and start. */
  readonly processes: Map<string, { readonly pid: number; count: number }>;
}

export class MapUsers {
  readonly #commands = new Map<string, Command>();
  #all = 0;

  add(process: OperatingProcess, count: number): void {
    this.#all += count;
    let command = this.#commands.get(process.comm);
    if (command === undefined) {
      if (this.#commands.size === MOST_COMMANDS) return;
      command = { count: 0, processes: new Map() };
      this.#commands.set(process.comm, command);
    }
    command.count += count;
    const key = `${process.pid} ${process.startedAtMs}`;
    const known = command.processes.get(key);
    if (known !== undefined) known.count += count;
    else if (command.processes.size < MOST_PROCESSES) {
      command.processes.set(key, { pid: process.pid, count });
    }
  }

  /** Undefined before the first operation. */
  get first(): MapUser | undefined {
    const most = largest(this.#commands);
    const process = most && largest(most[1].processes);
    if (most === undefined || process === undefined) return undefined;
    const [comm, { count, processes }] = most;
    return {
      pid: process[1].pid,
      comm,
      processes: processes.size,
      ratio: count / this.#all,
    };
  }

  /** Another period begins. */
  clear(): void {
    this.#commands.clear();
    this.#all = 0;
  }
}

/** The first one where several did as much. */
function largest<Counted extends { readonly count: number }>(
  of: ReadonlyMap<string, Counted>,
): [string, Counted] | undefined {
  let most: [string, Counted] | undefined;
  for (const entry of of) {
    if (most === undefined || entry[1].count > most[1].count) most = entry;
  }
  return most;
}
