/** Owns the tests of src/http/overview_buffers.ts. @module */
import {
  assertEquals,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { buffersSection } from "../../../../src/http/overview_buffers.ts";
import type { NodeSnapshot } from "../../../../src/state/node_state.ts";
import { aBuffersPass, withBuffers } from "../../../buffer_builders.ts";
import { aPass, withHolders } from "../../../pass_builders.ts";
import { aMap, aSnapshot } from "../../../state_builders.ts";

const HOSTILE = `"><script>x</script>`;
const MAPS = aSnapshot({
  map: {
    descriptions: [
      aMap({ id: 1, name: HOSTILE, type: "ringbuf" }),
      aMap({ id: 2, name: "", type: "perf_event_array" }),
    ],
  },
});

async function section(node: NodeSnapshot): Promise<string> {
  return String(await buffersSection(node)).replace(/\s+/g, " ");
}

Deno.test("buffersSection() is empty before anybody looked, and says why where nobody can", async () => {
  assertEquals(await section(MAPS), "");
  const pass = aBuffersPass({
    unavailable: { rings: "no BTF", perf: "EPERM" },
  });
  const text = await section(withBuffers(MAPS, [pass]));
  assertStringIncludes(text, "Ring buffers: no BTF. Perf buffers: EPERM.");
  assertNotMatch(text, /<table/);
});

Deno.test("buffersSection() shows each map's buffers with owner, fill, rate, losses and quality, escaped", async () => {
  const owned = withHolders(
    MAPS,
    aPass({
      takenAtMs: 1_000,
      processes: [{ pid: 7, comm: HOSTILE, holds: ["map 1"] }],
    }),
  );
  const text = await section(
    withBuffers(
      owned,
      [1_000, 2_000].map((takenAtMs) =>
        aBuffersPass({
          takenAtMs,
          rings: [{
            mapId: 1,
            pendingBytes: 1024,
            coverage: 0.5,
            events: takenAtMs,
            lossEpisodes: 3,
          }],
          perf: [
            { mapId: 2, cpu: 0, lostSamples: 4 },
            { mapId: 2, cpu: 1, lostSamples: 5, pendingBytes: 4096 },
          ],
        })
      ),
    ),
  );
  for (
    const part of [
      '<a href="/api/v1/objects/map/1">',
      ">map 2</a>",
      ">1.0 KiB<",
      ">25.0 %<",
      ">50.0 %<",
      ">1,000<",
      "estimated",
      "lower bound",
      ">9<",
      '<span class="note"> 7</span>',
      "1 seen; the events of 1 are not exact",
    ]
  ) assertStringIncludes(text, part);
  assertNotMatch(text, /<script>/);
});
