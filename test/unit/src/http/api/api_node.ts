/**
 * Owns a small node for tests of the API: objects of every type, with hostile names and large numbers. In: what differs. Out:
 * an application, its clock, and a way to move the node's state on.
 * @module
 */
import { createApp } from "../../../../../src/http/app.ts";
import type { NodeSnapshot } from "../../../../../src/state/node_state.ts";
import {
  aBtf,
  aCollector,
  aLink,
  aMap,
  aProgram,
  aSnapshot,
} from "../../../../state_builders.ts";
import {
  GROUPS,
  pageOf,
  RecordedLog,
  someFacts,
  StillClock,
} from "../fake_node.ts";

/** Quotes, a line end, a terminal's escape, a direction mark, half a pair. */
export const HOSTILE = 'a"\\\n\x1b[31m\u202e\ud800<b>';

export const A_SNAPSHOT: NodeSnapshot = aSnapshot({
  map: {
    created: 3,
    destroyed: 1,
    descriptions: [
      aMap({ id: 1, name: "connections", btfId: 7, mapExtra: 2n ** 64n - 1n }),
      aMap({ id: 5, name: HOSTILE, maxEntries: 2 }),
      aMap({ id: 9, name: "", type: "struct_ops" }),
    ],
  },
  program: {
    descriptions: [
      aProgram({ id: 2, name: "on_switch", btfId: 7, loadTimeNs: 2n ** 63n }),
      aProgram({ id: 3, name: "quiet" }),
      aProgram({ id: 4, fullName: "on_switch_of_a_long_name" }),
    ],
    columns: {
      runTimeNs: [2 ** 64, NaN, 900],
      runCount: [12, NaN, 100],
      cpuRatio: [0.25, NaN, 0.5],
    },
  },
  link: {
    descriptions: [
      aLink({ id: 6, programId: 2 }),
      aLink({ id: 7, type: "struct_ops", programId: 0, target: "map:9" }),
    ],
  },
  btf: { descriptions: [aBtf({ id: 7, name: "vmlinux", kernel: true })] },
});

export interface ApiNode {
  readonly app: ReturnType<typeof createApp>;
  readonly clock: StillClock;
  readonly log: RecordedLog;
  snapshot: NodeSnapshot;
}

export function apiNode(snapshot: NodeSnapshot = A_SNAPSHOT): ApiNode {
  const clock = new StillClock();
  const log = new RecordedLog();
  const app = createApp({
    exposition: pageOf("up 1\n"),
    state: { freeze: () => node.snapshot },
    collectors: () => [aCollector()],
    facts: someFacts(),
    metricGroups: GROUPS,
    clock,
    version: "1.2.3",
    log,
  });
  const node: ApiNode = { app, clock, log, snapshot };
  return node;
}

/** The same objects, sampled at another time. */
export function sampledAgain(
  snapshot: NodeSnapshot,
  sampledAtMs: number,
): NodeSnapshot {
  const { map, program, link, btf } = snapshot.tables;
  return {
    tables: {
      map: { ...map, sampledAtMs },
      program: { ...program, sampledAtMs },
      link: { ...link, sampledAtMs },
      btf: { ...btf, sampledAtMs },
    },
  };
}

/** Nothing was sampled yet. */
export function nothingYet(): NodeSnapshot {
  const { map, program, link, btf } = aSnapshot().tables;
  const { sampledAtMs: _m, ...maps } = { ...map, status: "starting" as const };
  const { sampledAtMs: _p, ...programs } = {
    ...program,
    status: "unavailable" as const,
    reason: "BPF_PROG_GET_NEXT_ID failed: EPERM",
  };
  return { tables: { map: maps, program: programs, link, btf } };
}
