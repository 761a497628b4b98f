/**
 * Owns which group of processes (manager) a process belongs to. In: what is known of processes, the selectors that people gave. Out: a
 * group's name; undefined for a process of none. Names are remembered, so that no expression runs twice on the same text.
 * @module
 */
import { LONGEST_MATCHED } from "../config/bounded_regex.ts";
import type { ManagerSelector } from "../config/manager_selector.ts";
import { type CgroupIdentity, cgroupIdentity } from "./cgroup_identity.ts";

/** As many digits as runtimes show of a container's id. */
const SHORT_ID_DIGITS = 12;
/** Names remembered; then all are forgotten. */
const MOST_NAMES = 4_096;

export interface NamedProcess {
  readonly pid: number;
  /** A hostile string. */
  readonly comm: string;
  /** Text of /proc/PID/cgroup; empty where it is not known. A hostile string. */
  readonly cgroups: string;
}

type Fits = (process: NamedProcess, identity: CgroupIdentity) => boolean;

export class ManagerNames {
  readonly #clean: (name: string) => string;
  #groups: readonly { readonly name: string; readonly fits: Fits }[] = [];
  readonly #names = new Map<string, string | undefined>();
  /** Else all processes of one command and cgroup are the same, and none of them costs a second match. */
  #asksForPid = false;

  /** @param clean makes a name what it is as a label: two that are one then are one group */
  constructor(
    selectors: readonly ManagerSelector[],
    clean: (name: string) => string,
  ) {
    this.#clean = clean;
    this.select(selectors);
  }

  /** From now on these are the groups; none: one per command name and container. */
  select(selectors: readonly ManagerSelector[]): void {
    this.#names.clear();
    this.#asksForPid = selectors.some(({ by }) => by === "pid");
    this.#groups = selectors.map((selector) => ({
      name: selector.name,
      fits: fitting(selector),
    }));
  }

  of(process: NamedProcess): string | undefined {
    const pid = this.#asksForPid ? process.pid : "";
    const key = `${pid}\0${process.comm}\0${process.cgroups}`;
    if (this.#names.has(key)) return this.#names.get(key);
    if (this.#names.size >= MOST_NAMES) this.#names.clear();
    const name = this.#find(process);
    this.#names.set(key, name);
    return name;
  }

  #find(process: NamedProcess): string | undefined {
    const identity = cgroupIdentity(process.cgroups);
    if (this.#groups.length > 0) {
      return this.#groups.find(({ fits }) => fits(process, identity))?.name;
    }
    const { containerId } = identity;
    const container = /^[0-9a-f]{64}$/.test(containerId)
      ? containerId.slice(0, SHORT_ID_DIGITS)
      : containerId;
    return this.#clean(
      container === "" ? process.comm : `${process.comm}@${container}`,
    );
  }
}

function fitting({ by, text }: ManagerSelector): Fits {
  switch (by) {
    case "pid":
      return ({ pid }) => `${pid}` === text;
    case "unit":
      return (_, { unit }) => unit === text;
    case "comm": {
      const regex = new RegExp(text, "u");
      return ({ comm }) => regex.test(comm);
    }
    case "cgroup": {
      const regex = new RegExp(text, "u");
      return ({ cgroups }) =>
        pathsOf(cgroups).some((path) =>
          regex.test(path.slice(0, LONGEST_MATCHED))
        );
    }
  }
}

/** Behind the second colon of each line. */
function pathsOf(cgroups: string): string[] {
  return cgroups.split("\n", 64).flatMap((line) => {
    const [, path] = /^\d+:[^:]*:(.*)$/.exec(line) ?? [];
    return path === undefined ? [] : [path];
  });
}
