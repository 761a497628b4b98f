/** Owns the tests of src/state/managers.ts and of what it is made of: names, accounts, missed runs. @module */
import { assertEquals } from "@std/assert";
import type { ManagerSelector } from "../../../../src/config/manager_selector.ts";
import { Managers } from "../../../../src/state/managers.ts";
import { Owners } from "../../../../src/state/owners.ts";
import { anOperationsPass } from "../../../operations_builders.ts";
import { aPass, type PassGiven } from "../../../pass_builders.ts";
import { aLink, aMap, aProgram } from "../../../state_builders.ts";

const CONTAINER =
  "35c6b5574bc50507e0b8535bb826e39c4cc0b8dd587930b0947d86239eb0f0a9";
const IN_CONTAINER = `0::/system.slice/docker-${CONTAINER}.scope\n`;

const TABLES = {
  map: { descriptions: [aMap({ id: 1 }), aMap({ id: 2 })] },
  program: { descriptions: [aProgram({ id: 5 }), aProgram({ id: 6 })] },
  link: { descriptions: [aLink({ id: 3, programId: 5 })] },
};

class Node {
  readonly managers: Managers;
  misses = [0, 0];

  constructor(selectors: readonly ManagerSelector[] = [], maxSeries = 100) {
    this.managers = new Managers({
      selectors,
      maxSeries,
      clean: (name) => name,
    });
  }

  look(given: PassGiven): void {
    const rows = <T>(descriptions: readonly T[]) => ({
      descriptions,
      seenAtMs: new Float64Array(descriptions.length),
      sampled: true,
    });
    const pass = aPass(given);
    const owners = new Owners();
    owners.take(pass, {
      map: rows(TABLES.map.descriptions),
      program: rows(TABLES.program.descriptions),
      link: rows(TABLES.link.descriptions),
      btf: rows([]),
    });
    const graph = owners.state?.graph;
    if (graph !== undefined) this.managers.holders(pass, graph, TABLES);
  }

  get state() {
    return this.managers.state(TABLES, Float64Array.from(this.misses));
  }

  /** maps, programs and links by manager */
  get held() {
    return Object.fromEntries(
      this.state.map(({ name, held }) => [
        name,
        held && [held.map, held.program, held.link],
      ]),
    );
  }

  get lookups() {
    return Object.fromEntries(
      this.state.map(({ name, account }) => [name, account.lookups]),
    );
  }
}

Deno.test("Managers.holders() counts each object of a group once, directly or through others held", () => {
  const node = new Node();
  node.look({
    processes: [
      { comm: "loader", holds: ["link 3", "map 1"] },
      { comm: "loader", holds: ["map 1", "program 5"] },
      { comm: "loader", cgroups: IN_CONTAINER, holds: ["map 2"] },
      { comm: "nothing known", holds: ["map 99"] },
    ],
  });
  assertEquals(node.held, {
    loader: [1, 1, 1],
    "loader@35c6b5574bc5": [1, 0, 0],
  });
  node.look({ takenAtMs: 9_000, processes: [{ comm: "loader", holds: [] }] });
  assertEquals(node.held.loader, [0, 0, 0]);
});

Deno.test("Managers.holders() gives a process to the first selector that fits, and one that none fits to nobody", () => {
  const node = new Node([
    { name: "one", by: "pid", text: "100" },
    { name: "units", by: "unit", text: "holder.service" },
    { name: "agents", by: "comm", text: "^ag" },
    { name: "boxes", by: "cgroup", text: "docker-3" },
  ]);
  const elsewhere = "0::/user.slice\n";
  node.look({
    processes: [
      { holds: ["map 1"] },
      { holds: ["map 2"] },
      { comm: "agent", cgroups: elsewhere, holds: ["program 6"] },
      { comm: "x", cgroups: IN_CONTAINER, holds: ["link 3"] },
      { comm: "my agent", cgroups: elsewhere, holds: ["map 1"] },
    ],
  });
  assertEquals(node.held, {
    one: [1, 0, 0],
    units: [1, 0, 0],
    agents: [0, 1, 0],
    boxes: [0, 1, 1],
  });
});

Deno.test("Managers.select() groups anew at once", () => {
  const node = new Node();
  node.look({ processes: [{ comm: "a", holds: ["map 1"] }] });
  node.managers.select([{ name: "all", by: "comm", text: "." }], TABLES);
  assertEquals(node.held, { a: [0, 0, 0], all: [1, 0, 0] });
});

Deno.test("Managers.operations() waits for a look at the process before its manager gets the counts", () => {
  const node = new Node();
  node.managers.operations(
    anOperationsPass({ processes: [{ comm: "a" }], rows: [[1, "lookup", 3]] }),
  );
  assertEquals(node.lookups, {});
  node.managers.operations(
    anOperationsPass({ processes: [{ comm: "a" }], rows: [[1, "lookup", 2]] }),
  );
  node.look({
    takenAtMs: 2_000,
    processes: [{ comm: "a", cgroups: IN_CONTAINER, holds: ["map 1"] }],
  });
  assertEquals(node.lookups, { "a@35c6b5574bc5": 5 });
});

Deno.test("Managers.operations() knows a short-lived process by the cgroup that it shares, else by its command alone", () => {
  const node = new Node();
  node.look({
    takenAtMs: 500,
    processes: [{ comm: "a", cgroups: IN_CONTAINER, holds: ["map 1"] }],
  });
  node.managers.operations(
    anOperationsPass({
      takenAtMs: 1_000,
      processes: [
        { comm: "a", cgroupId: "77" },
        { comm: "b", cgroupId: "77" },
        { comm: "c", cgroupId: "78" },
      ],
      rows: [[1, "lookup", 1], [1, "lookup_batch", 2, 1], [1, "lookup", 4, 2]],
    }),
  );
  assertEquals(node.lookups, { "a@35c6b5574bc5": 1, "b@35c6b5574bc5": 2 });
  node.look({ takenAtMs: 6_000 });
  assertEquals(node.lookups.c, 4);
});

Deno.test("Managers.operations() waits no longer than ten seconds", () => {
  const node = new Node();
  const at = (takenAtMs: number) =>
    node.managers.operations(
      anOperationsPass({ takenAtMs, rows: [[1, "lookup", 1]] }),
    );
  at(1_000);
  at(10_900);
  assertEquals(node.lookups, {});
  at(11_000);
  assertEquals(node.lookups, { holder1: 3 });
});

Deno.test("Managers.operations() counts updates, loads and failures of a manager", () => {
  const node = new Node();
  node.look({ processes: [{ comm: "a", holds: ["map 1"] }] });
  node.managers.operations(anOperationsPass({
    processes: [{ comm: "a" }],
    rows: [[1, "update", 3], [1, "update_batch", 1], [1, "get_next", 9]],
    loads: [
      { tookMs: [0.05, 3, 9_000] },
      { errno: 22, tookMs: [0.2], untimed: 1 },
    ],
    attachFailures: [[0, 1, 4]],
  }));
  const [{ account }] = node.state;
  assertEquals([account.lookups, account.updates], [0, 4]);
  const { buckets = [], sumMs } = account.loads ?? {};
  assertEquals(buckets.filter((count) => count > 0), [1, 1, 1, 1]);
  assertEquals(sumMs, 9_003.25);
  assertEquals([...account.loadErrors], [[22, 2]]);
  assertEquals([...account.attachErrors], [[1, 4]]);
});

Deno.test("Managers.state() adds up runs that held programs missed, and never falls", () => {
  const node = new Node();
  node.look({ processes: [{ comm: "a", holds: ["link 3"] }] });
  const missed = () => node.state[0].account.missedRuns;
  node.misses = [7, 100];
  assertEquals(missed(), 7);
  assertEquals(missed(), 7);
  node.misses = [9, 100];
  assertEquals(missed(), 9);
  node.look({ takenAtMs: 8_000, processes: [] });
  assertEquals(missed(), 9);
});

Deno.test("Managers.state() gives accounts to as many managers as may have series, the rest shares one", () => {
  const node = new Node([], 1);
  node.look({
    processes: [
      { comm: "a", holds: ["map 1"] },
      { comm: "b", holds: ["map 1", "map 2"] },
      { comm: "c", holds: ["map 2"] },
    ],
  });
  node.managers.operations(anOperationsPass({
    processes: [{}, {}, {}],
    rows: [[1, "lookup", 1], [1, "lookup", 2, 1], [1, "lookup", 4, 2]],
  }));
  assertEquals(node.held, { a: [1, 0, 0], other: [2, 0, 0] });
  node.look({ takenAtMs: 20_000 });
  assertEquals(node.lookups, { a: 0, other: 7 });
});
