/** What every surface says of buffers whose numbers turn from exact to something less while the agent runs. */
import { assert, assertEquals } from "@std/assert";
import { bufferLines } from "../../../../src/commands/once_buffers.ts";
import { buffersSection } from "../../../../src/http/overview_buffers.ts";
import { catalog } from "../../../../src/metrics/catalog.ts";
import {
  bufferKinds,
  buffersOf,
} from "../../../../src/state/buffer_readings.ts";
import type { NodeSnapshot } from "../../../../src/state/node_state.ts";
import {
  aBuffersPass,
  type BuffersGiven,
  withBuffers,
} from "../../../buffer_builders.ts";
import { aMap, aSnapshot, aState } from "../../../state_builders.ts";
import { apiNode } from "../http/api/api_node.ts";
import { anExposition, pageOf } from "../metrics/pages.ts";

const BELOW_ONE = 1 - Number.EPSILON / 2;
const MAPS = aSnapshot({
  map: {
    descriptions: [
      aMap({ id: 1, name: "ring", type: "ringbuf" }),
      aMap({ id: 2, name: "perf", type: "perf_event_array" }),
    ],
  },
});
const SCREEN = { widthColumns: 120, maxRows: 10 };

function after(...passes: readonly BuffersGiven[]): NodeSnapshot {
  return withBuffers(
    MAPS,
    passes.map((given, i) =>
      aBuffersPass({ takenAtMs: 1_000 * (i + 1), ...given })
    ),
  );
}

interface Said {
  readonly api: string;
  /** In the API, on the page of metrics. */
  readonly isCoverageOne: readonly boolean[];
  readonly once: string | undefined;
  readonly overview: string;
  /** As /readyz and check say. */
  readonly kind: string | undefined;
}

/** What each surface says of the events of one kind of buffer. */
async function saidOf(
  kind: "ring" | "perf",
  snapshot: NodeSnapshot,
): Promise<Said> {
  const answer = await apiNode(snapshot).app.request("/api/v1/snapshot");
  const { buffers } = await answer.json();
  const [one] = buffers[kind].buffers;
  const page = await pageOf(anExposition({ state: aState(snapshot) }));
  const family = `odigos_ebpf_${kind}_buffer_events_coverage_ratio`;
  const coverage = page.match(new RegExp(`^${family}\\{.*\\} (.*)$`, "m"))?.[1];
  const id = kind === "ring" ? "1" : "2";
  const line = bufferLines(snapshot, SCREEN)
    .find((text) => text.trim().startsWith(`${id} `)) ?? "";
  const rows = String(await buffersSection(snapshot)).split("<tr>");
  const row = rows.find((text) => text.includes(`map/${id}"`)) ?? "";
  const cells = row.split('data-label="Events"')[1]?.split("</td>")[0] ?? "";
  return {
    api: one.events.quality,
    isCoverageOne: [one.coverage_ratio === 1, coverage === "1"],
    once: line.trim().split(/\s+/).at(-2)?.replace(/\d.*/, ""),
    overview: cells.match(/estimated|lower bound/)?.[0] ?? "",
    kind: bufferKinds(snapshot)?.[kind].quality,
  };
}

const EXACT: Said = {
  api: "exact",
  isCoverageOne: [true, true],
  once: "",
  overview: "",
  kind: "exact",
};
const ESTIMATED: Said = {
  api: "estimated",
  isCoverageOne: [false, false],
  once: "~",
  overview: "estimated",
  kind: "estimated",
};
const LOWER_BOUND: Said = {
  api: "lower bound",
  isCoverageOne: [false, false],
  once: ">=",
  overview: "lower bound",
  kind: "lower bound",
};

for (
  const [kind, buffer] of [
    ["ring", (given: object) => ({ rings: [{ mapId: 1, ...given }] })],
    ["perf", (given: object) => ({ perf: [{ mapId: 2, ...given }] })],
  ] as const
) {
  const whole = buffer({});
  Deno.test(`buffersOf() has no surface call the events of a ${kind} buffer exact once some were estimated`, async () => {
    assertEquals(await saidOf(kind, after(whole)), EXACT);
    const estimated = buffer({ coverage: 0.5 });
    assertEquals(await saidOf(kind, after(whole, estimated)), ESTIMATED);
    const later = after(whole, estimated, whole);
    assertEquals(await saidOf(kind, later), ESTIMATED);
  });

  Deno.test(`buffersOf() has no surface call the events of a ${kind} buffer exact while some are yet to be counted`, async () => {
    const behind = buffer({ coverage: 0.5, skippedBytes: 0 });
    assertEquals(await saidOf(kind, after(behind)), LOWER_BOUND);
    assertEquals(await saidOf(kind, after(behind, whole)), EXACT);
  });

  Deno.test(`buffersOf() has no surface call the events of a ${kind} buffer exact that came round before it was seen`, async () => {
    const late = buffer({ coverage: BELOW_ONE, skippedBytes: 0 });
    const snapshot = after(late, late);
    assertEquals(await saidOf(kind, snapshot), LOWER_BOUND);
    const { rings, perf } = buffersOf(snapshot);
    assertEquals(
      [...rings, ...perf].map(({ readings }) => readings.events.reason),
      [
        "what was written and gone before the agent first saw it is not counted",
      ],
    );
  });
}

Deno.test("bufferKinds() says where this kernel does not count what perf buffers lost", () => {
  const perf = after({ perf: [{ mapId: 2, isLostExact: 0 }] });
  assertEquals(
    bufferKinds(perf)?.perf.reason,
    "1 seen, every event of theirs counted; this kernel does not count lost events: theirs are a lower bound",
  );
});

Deno.test("catalog calls no number of buffers exact that may turn into an estimate", () => {
  const events = catalog.filter(({ name }) =>
    /_(ring|perf)_buffer_(discarded_)?events_total$/.test(name)
  );
  assertEquals(events.length, 3);
  assert(events.every(({ quality }) => quality === "estimated"));
});
