/** Owns the tests of what the API tells about who keeps objects alive, and of how lists choose by owner. @module */
import { assertEquals } from "@std/assert";
import * as v from "valibot";
import {
  DETAILS,
  LISTS,
  Snapshot,
} from "../../../../../src/http/api/schemas.ts";
import { aPass, withHolders } from "../../../../pass_builders.ts";
import { A_SNAPSHOT, apiNode, HOSTILE, sampledAgain } from "./api_node.ts";

const CONTAINER =
  "35c6b5574bc50507e0b8535bb826e39c4cc0b8dd587930b0947d86239eb0f0a9";
const POD = "cfbe1789-8da4-4a1d-9fa1-f49a2be9eef5";

const PROCESSES = [
  {
    pid: 31,
    startedAtMs: 5_000.4,
    comm: HOSTILE,
    uid: 1000,
    cgroups: `0::/kubepods/burstable/pod${POD}/${CONTAINER}\n`,
    holds: ["link 6"],
  },
  { pid: 77, startedAtMs: 9_000, comm: "loader", holds: ["map 1"] },
] as const;

/** Map 5 is an orphan; map 9 is pinned; program 4 was held by a process that is gone. */
const NODE = withHolders(
  A_SNAPSHOT,
  aPass({
    takenAtMs: 90_000,
    processes: [...PROCESSES, { pid: 99, comm: "gone", holds: ["program 4"] }],
    pins: [["map 9", "/sys/fs/bpf/9"]],
  }),
  aPass({
    takenAtMs: 95_000,
    durationMs: 2.5,
    processes: PROCESSES,
    pins: [["map 9", `/sys/fs/bpf/${HOSTILE}`]],
    references: [["program 2", "map 1"], ["map 9", "map 1"]],
  }),
);

// deno-lint-ignore no-explicit-any -- a test of JSON reads what it wants
async function json(path: string, node = apiNode(NODE)): Promise<any> {
  const answer = await node.app.request(path);
  assertEquals(answer.status, 200, path);
  return await answer.json();
}

const CLEAN = HOSTILE.toWellFormed();
const POSER = {
  pid: 31,
  comm: CLEAN,
  uid: 1000,
  start_time_ms: 5000,
  container_id: CONTAINER,
  pod_uid: POD,
};
const LOADER = {
  pid: 77,
  comm: "loader",
  uid: 0,
  start_time_ms: 9000,
  unit: "holder.service",
};

Deno.test("GET /api/v1/objects/TYPE/ID tells the owner, all holders, pins and references both ways", async () => {
  const answer = await json("/api/v1/objects/map/1");
  v.parse(DETAILS.map, answer);
  assertEquals(answer.object.owner, LOADER);
  assertEquals(answer.object.orphan, false);
  assertEquals(answer.ownership, {
    taken_at: "2026-01-02T03:04:00.000Z",
    complete: true,
    owner: LOADER,
    holders: [LOADER, { ...POSER, through: { object_type: "link", id: 6 } }],
    pins: [],
  });
  assertEquals(answer.referred_by, [
    { relation: "uses", object_type: "program", id: 2, name: "on_switch" },
    { relation: "contains", object_type: "map", id: 9 },
  ]);
  const { refers_to } = await json("/api/v1/objects/program/2");
  assertEquals(refers_to.map((one: { id: number }) => one.id), [7, 1]);
});

Deno.test("GET /api/v1/objects/TYPE/ID tells an orphan's reason and since when", async () => {
  const answer = await json("/api/v1/objects/map/5");
  v.parse(DETAILS.map, answer);
  assertEquals(answer.object.orphan, true);
  assertEquals(answer.ownership.orphan, {
    kept_by: "unknown",
    reason: "nothing that the kernel tells keeps it",
    since: "2026-01-02T03:03:55.000Z",
  });
  assertEquals(answer.ownership.holders, []);
});

Deno.test("GET /api/v1/objects/TYPE/ID keeps the last known owner, marked as gone", async () => {
  const answer = await json("/api/v1/objects/program/4");
  v.parse(DETAILS.program, answer);
  assertEquals(answer.object.owner.comm, "gone");
  assertEquals(answer.object.owner.gone, true);
  assertEquals(answer.ownership.owner_gone_since, "2026-01-02T03:04:00.000Z");
});

Deno.test("GET /api/v1/objects/TYPE/ID tells hostile paths of pins as they are, but well formed", async () => {
  const answer = await json("/api/v1/objects/map/9");
  v.parse(DETAILS.map, answer);
  assertEquals(answer.ownership.pins, [`/sys/fs/bpf/${CLEAN}`]);
  assertEquals(answer.ownership.owner, undefined);
  assertEquals(answer.object.orphan, false);
});

Deno.test("GET /api/v1/objects/TYPE/ID says why pins and orphans are not known", async () => {
  const blind = withHolders(
    A_SNAPSHOT,
    aPass({ takenAtMs: 95_000, pins: "no bpffs is mounted" }),
  );
  const answer = await json("/api/v1/objects/map/5", apiNode(blind));
  v.parse(DETAILS.map, answer);
  assertEquals(answer.object.orphan, undefined);
  assertEquals(answer.ownership.pins, undefined);
  assertEquals(answer.ownership.pins_reason, "no bpffs is mounted");
  assertEquals(
    answer.ownership.orphan_reason,
    "pins cannot be read: no bpffs is mounted",
  );
});

Deno.test("GET /api/v1/objects/TYPE?owner= chooses by comm, pid or container id", async () => {
  async function ids(query: string): Promise<number[]> {
    const answer = await json(`/api/v1/objects/${query}`);
    v.parse(LISTS[query.split("?")[0] as "map"], answer);
    return answer.objects.map(({ id }: { id: number }) => id);
  }
  assertEquals(await ids("map?owner=loader"), [1]);
  assertEquals(await ids("map?owner=77"), [1]);
  assertEquals(await ids("map?owner=7"), []);
  assertEquals(await ids(`map?owner=${CONTAINER}`), [1]);
  assertEquals(await ids(`program?owner=${CONTAINER.slice(0, 12)}`), [2]);
  assertEquals(await ids(`program?owner=${CONTAINER.slice(0, 11)}`), []);
  assertEquals(await ids("program?owner=gone"), [4]);
  assertEquals(await ids("link?owner=31"), [6]);
  assertEquals(await ids("map?owner=loader&name=nothing"), []);
  assertEquals(await ids("map?sort=orphan&order=desc"), [5, 1, 9]);
  assertEquals(await ids("program?sort=owner&order=desc"), [4, 2, 3]);
});

Deno.test("GET /api/v1/snapshot has an owner for each object and the look as a whole", async () => {
  const answer = await json("/api/v1/snapshot");
  v.parse(Snapshot, answer);
  assertEquals(answer.holders, {
    taken_at: "2026-01-02T03:04:00.000Z",
    duration_ms: 2.5,
    descriptors: 40,
    processes: 2,
    complete: true,
    orphans: { map: 1, program: 1, link: 1, btf: 0 },
  });
  assertEquals(answer.objects.map[0].owner, LOADER);
  assertEquals(answer.objects.link[0].owner, POSER);
  assertEquals(answer.objects.map[2].owner, undefined);
});

Deno.test("the answers' tag changes with each look, and the time of the sample does not", async () => {
  const node = apiNode(NODE);
  const first = await node.app.request("/api/v1/objects/map");
  const { sampled_at } = await first.json();
  node.snapshot = withHolders(
    A_SNAPSHOT,
    ...[90_000, 95_000, 97_000].map((takenAtMs) => aPass({ takenAtMs })),
  );
  node.clock.advance(1);
  const second = await node.app.request("/api/v1/objects/map");
  assertEquals(first.headers.get("etag") === second.headers.get("etag"), false);
  assertEquals((await second.json()).sampled_at, sampled_at);
  node.snapshot = sampledAgain(A_SNAPSHOT, 9_500);
  assertEquals((await json("/api/v1/snapshot", node)).holders, undefined);
});
