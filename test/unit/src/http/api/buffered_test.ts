/** Owns the tests of what the API tells of ring and perf buffers. @module */
import { assertEquals, assertNotEquals } from "@std/assert";
import * as v from "valibot";
import { DETAILS, Snapshot } from "../../../../../src/http/api/schemas.ts";
import { aBuffersPass, withBuffers } from "../../../../buffer_builders.ts";
import { aMap, aSnapshot } from "../../../../state_builders.ts";
import { apiNode } from "./api_node.ts";

const MAPS = aSnapshot({
  map: {
    descriptions: [
      aMap({ id: 1, name: "events", type: "ringbuf" }),
      aMap({ id: 2, name: "", type: "perf_event_array" }),
      aMap({ id: 3 }),
    ],
  },
});
const PASS = aBuffersPass({
  takenAtMs: 95_000,
  rings: [{ mapId: 1, events: 2 ** 60, coverage: 0.25, lossEpisodes: NaN }],
  perf: [
    { mapId: 2, cpu: 0, lostSamples: 3 },
    { mapId: 2, cpu: 1, pendingBytes: NaN, pid: NaN },
  ],
});
const NODE = withBuffers(MAPS, [PASS]);

// deno-lint-ignore no-explicit-any -- a test of JSON reads what it wants
async function json(path: string, node = apiNode(NODE)): Promise<any> {
  const answer = await node.app.request(path);
  assertEquals(answer.status, 200, path);
  return await answer.json();
}

Deno.test("GET /api/v1/objects/map/ID shows a ring buffer, each number with how good it is", async () => {
  const answer = await json("/api/v1/objects/map/1");
  v.parse(DETAILS.map, answer);
  assertEquals(answer.perf_buffers, undefined);
  const { ring_buffer: ring } = answer;
  assertEquals(ring.events, {
    value: `${2n ** 60n}`,
    quality: "estimated",
    reason: "records of 25.0 % of the bytes were counted",
  });
  assertEquals(ring.written_bytes, { value: "1600", quality: "exact" });
  assertEquals(ring.loss_episodes, {
    quality: "unavailable",
    reason:
      "nothing in this ring shows that a producer found no room, or what is unread is overwritten",
  });
  assertEquals([ring.coverage_ratio, ring.user], [0.25, false]);
});

Deno.test("GET /api/v1/objects/map/ID shows perf buffers by CPU, and nothing of other maps", async () => {
  const answer = await json("/api/v1/objects/map/2");
  v.parse(DETAILS.map, answer);
  assertEquals(
    answer.perf_buffers.map((
      { cpu, pid, lost_events, pending_bytes }: Record<string, unknown>,
    ) => [cpu, pid, lost_events, pending_bytes]),
    [
      [0, 77, { value: "3", quality: "exact" }, { value: 0, quality: "exact" }],
      [1, undefined, { value: "0", quality: "exact" }, {
        quality: "unavailable",
        reason:
          "its owner overwrites what is not read, or tells a position that cannot be",
      }],
    ],
  );
  const other = await json("/api/v1/objects/map/3");
  v.parse(DETAILS.map, other);
  assertEquals([other.ring_buffer, other.perf_buffers], [undefined, undefined]);
});

Deno.test("GET /api/v1/snapshot lists all buffers, and is another answer after another look", async () => {
  const node = apiNode(NODE);
  const answer = await json("/api/v1/snapshot", node);
  v.parse(Snapshot, answer);
  const { ring, perf, taken_at } = answer.buffers;
  assertEquals([ring.available, ring.quality, ring.reason], [
    true,
    "estimated",
    "1 seen; the events of 1 are not exact",
  ]);
  assertEquals([ring.buffers.length, perf.buffers.length], [1, 2]);
  assertEquals(taken_at, "2026-01-02T03:04:00.000Z");
  const tag = async () =>
    (await node.app.request("/api/v1/snapshot")).headers.get("etag");
  const before = await tag();
  node.snapshot = withBuffers(MAPS, [PASS, PASS]);
  assertNotEquals(await tag(), before);
});

Deno.test("GET /api/v1/snapshot says why there are no buffers, and nothing before the first look", async () => {
  const answer = await json(
    "/api/v1/snapshot",
    apiNode(withBuffers(MAPS, [
      aBuffersPass({ unavailable: { rings: "no BTF", perf: "no BTF" } }),
    ])),
  );
  v.parse(Snapshot, answer);
  assertEquals(answer.buffers.ring, {
    available: false,
    quality: "unavailable",
    reason: "no BTF",
    buffers: [],
  });
  const { buffers } = await json("/api/v1/snapshot", apiNode(MAPS));
  assertEquals(buffers, undefined);
});
