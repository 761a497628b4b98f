/** Owns the tests of src/http/readiness.ts. @module */
import { assertEquals } from "@std/assert";
import {
  readiness,
  type ReadinessInput,
} from "../../../../src/http/readiness.ts";
import type { NodeSnapshot } from "../../../../src/state/node_state.ts";
import { OwnedNode } from "../state/owned_node.ts";
import {
  aCollector,
  aNewCollector,
  someFacts,
  someTables,
  unavailableTables,
  UNPRIVILEGED,
} from "./fake_node.ts";

function input(changes: Partial<ReadinessInput> = {}): ReadinessInput {
  return {
    collectors: [aCollector()],
    snapshot: { tables: someTables() },
    facts: someFacts(),
    version: "1.2.3",
    nowMs: 100_000,
    ...changes,
  };
}

/** As a client sees it: what is undefined is gone. */
function asJson(changes: Partial<ReadinessInput> = {}) {
  return JSON.parse(JSON.stringify(readiness(input(changes))));
}

Deno.test("readiness() is ready once every collector has its first sample", () => {
  const answer = asJson();
  assertEquals(answer.ready, true);
  assertEquals(answer.waitingFor, []);
  assertEquals(answer.version, "1.2.3");
  assertEquals(answer.collectors, [{
    name: "maps",
    status: "sampling",
    backend: "walk",
    backendReason: "it is the only one",
    quality: "exact",
    intervalSeconds: 0.5,
    ageSeconds: 0.25,
    overdueInARow: 0,
    samples: 12,
    missedTicks: 1,
    syscalls: 345,
    restarts: 0,
    errors: {},
    skipped: {},
  }]);
  assertEquals(answer.tables.map, {
    status: "sampled",
    size: 1,
    createdQuality: "lower bound",
  });
  assertEquals(answer.tables.link, {
    status: "sampled",
    size: 0,
    createdQuality: "lower bound",
  });
  assertEquals(answer.privileges, {
    dropped: true,
    held: [],
    atStart: ["CAP_SYS_ADMIN"],
    missing: [],
  });
  assertEquals(answer.runStats, {
    agent: true,
    sysctl: false,
    other: false,
    coverageRatio: 1,
    totalsQuality: "exact",
    ratesQuality: "exact",
  });
});

Deno.test("readiness() waits for a collector that has no sample, and leaves out what it does not know", () => {
  const answer = asJson({
    collectors: [aCollector(), aNewCollector()],
    snapshot: {
      tables: someTables({
        status: "starting",
        sampledAtMs: undefined,
        size: 0,
      }),
    },
  });
  assertEquals(answer.ready, false);
  assertEquals(answer.waitingFor, ["collector links: no sample yet"]);
  const links = answer.collectors[1];
  for (const absent of ["backend", "quality", "ageSeconds", "lastError"]) {
    assertEquals(absent in links, false, absent);
  }
  assertEquals(answer.tables.map, {
    status: "starting",
    createdQuality: "lower bound",
  });
});

Deno.test("readiness() stays ready while a collector with a sample fails or restarts", () => {
  for (const status of ["failing", "restarting"] as const) {
    const answer = asJson({
      collectors: [aCollector({ status, lastError: "Cannot list maps" })],
      snapshot: {
        tables: someTables({ status: "stale", reason: "Cannot list maps" }),
      },
    });
    assertEquals(answer.ready, true, status);
    assertEquals(answer.collectors[0].lastError, "Cannot list maps");
    assertEquals(answer.tables.map, {
      status: "stale",
      reason: "Cannot list maps",
      size: 1,
      createdQuality: "lower bound",
    });
  }
});

const { sampledAtMs: _never, ...UNSAMPLED } = aCollector({
  status: "unavailable",
});

Deno.test("readiness() is never ready while a privilege is missing that objects need", () => {
  const answer = asJson({
    collectors: [UNSAMPLED],
    snapshot: { tables: unavailableTables("it needs CAP_SYS_ADMIN") },
    facts: UNPRIVILEGED,
  });
  assertEquals(answer.ready, false);
  assertEquals(answer.waitingFor[0], "map objects: it needs CAP_SYS_ADMIN");
  assertEquals(answer.privileges.missing, UNPRIVILEGED.missing);
  assertEquals(answer.tables.map, {
    status: "unavailable",
    quality: "unavailable",
    reason: "it needs CAP_SYS_ADMIN",
    createdQuality: "lower bound",
  });
  assertEquals(answer.collectors[0].quality, "unavailable");
  assertEquals("sysctl" in answer.runStats, false);
});

Deno.test("readiness() says by what each table is read, and which may lack objects", () => {
  const answer = asJson({
    collectors: [
      aCollector({
        tables: [{ table: "map", backend: "walk", backendReason: "asked for" }],
      }),
      aCollector({
        name: "programs",
        tables: [
          { table: "program", backend: "iterator", backendReason: "checked" },
          {
            table: "btf",
            backend: "iterator",
            backendReason: "followed",
            isLowerBound: true,
          },
        ],
      }),
    ],
  });
  const { map, program, link, btf } = answer.tables;
  assertEquals([map.backend, map.backendReason, map.quality], [
    "walk",
    "asked for",
    "exact",
  ]);
  assertEquals([program.backend, program.quality], ["iterator", "exact"]);
  assertEquals([btf.backend, btf.backendReason, btf.quality], [
    "iterator",
    "followed",
    "lower bound",
  ]);
  assertEquals(link, {
    status: "sampled",
    size: 0,
    createdQuality: "lower bound",
  });
});

Deno.test("readiness() does not wait for what this kernel lacks", () => {
  const tables = {
    ...someTables(),
    link: {
      ...unavailableTables("BPF_LINK_GET_NEXT_ID failed: EINVAL").link,
      unsupported: true,
    },
  };
  const answer = asJson({
    collectors: [aCollector(), { ...UNSAMPLED, name: "links" }],
    snapshot: { tables },
  });
  assertEquals(answer.ready, true);
});

Deno.test("readiness() says how old the last look for holders is, or why there is none, and waits for neither", () => {
  const pins = "/sys/fs/bpf cannot be listed: EACCES";
  const holders = (changes: Partial<NodeSnapshot>) => {
    const tables = someTables();
    const answer = asJson({ snapshot: { tables, ...changes } });
    assertEquals(answer.ready, true);
    return answer.holders;
  };
  assertEquals(holders({}), { reason: "nobody has looked yet" });
  const holdersReason = "the iterators were not opened: EPERM";
  assertEquals(holders({ holdersReason }), { reason: holdersReason });
  const { state } = new OwnedNode().pass(97_600, { pins }).owners;
  assertEquals(holders(state === undefined ? {} : { holders: state }), {
    ageSeconds: 2.4,
    durationSeconds: 0.002,
    complete: true,
    pinsReason: pins,
    orphansReason: `pins cannot be read: ${pins}`,
  });
});

Deno.test("readiness() waits for what is refused although every capability is held, as in a user namespace", () => {
  const answer = asJson({
    snapshot: {
      tables: unavailableTables("BPF_MAP_GET_NEXT_ID failed: EPERM"),
    },
  });
  assertEquals(answer.ready, false);
  assertEquals(answer.waitingFor.length, 4);
});
