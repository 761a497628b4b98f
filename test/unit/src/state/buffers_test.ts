import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  type BufferQuality,
  buffersOf,
} from "../../../../src/state/buffer_readings.ts";
import { Buffers, PERF, RINGS } from "../../../../src/state/buffers.ts";
import {
  PERF_COLUMNS,
  RING_COLUMNS,
} from "../../../../workers/maps/buffers_model.ts";
import type { NodeSnapshot } from "../../../../src/state/node_state.ts";
import { aBuffersPass, type BuffersGiven } from "../../../buffer_builders.ts";
import { RING_LOSSES_OFF } from "../../../../workers/maps/ring_losses.ts";
import { aMap, aSnapshot } from "../../../state_builders.ts";

const MAPS = aSnapshot({
  map: {
    descriptions: [
      aMap({ id: 1, name: "one", type: "ringbuf" }),
      aMap({ id: 2, name: "two", type: "ringbuf" }),
      aMap({ id: 3, name: "perf", type: "perf_event_array" }),
      aMap({ id: 9, name: "table", type: "hash" }),
    ],
  },
});

/** What is known after looks, a second apart, by one worker or several. */
class Watched {
  readonly buffers: Buffers;
  #takenAtMs = 1_000;

  constructor(maxSeries = 10_000) {
    this.buffers = new Buffers(maxSeries);
  }

  take(given: BuffersGiven, epoch = 1): this {
    const takenAtMs = this.#takenAtMs;
    this.#takenAtMs += 1_000;
    this.buffers.take(aBuffersPass({ takenAtMs, ...given }), epoch);
    return this;
  }

  get snapshot(): NodeSnapshot {
    const { state } = this.buffers;
    return { ...MAPS, ...(state === undefined ? {} : { buffers: state }) };
  }

  get rings() {
    return buffersOf(this.snapshot).rings;
  }

  get perf() {
    return buffersOf(this.snapshot).perf;
  }

  /** Events of each ring, and how good they are. */
  get events(): (readonly [number, number, BufferQuality])[] {
    return this.rings.map(({ map, readings: { events } }) =>
      [map.id, events.value, events.quality] as const
    );
  }
}

Deno.test("RINGS and PERF are the columns that the worker writes", () => {
  assertEquals(RINGS, RING_COLUMNS);
  assertEquals(PERF, PERF_COLUMNS);
});

Deno.test("Buffers.state is undefined before the first pass", () => {
  assertEquals(new Buffers(10).state, undefined);
  assertEquals(buffersOf(MAPS), { rings: [], perf: [] });
});

Deno.test("Buffers.take() joins buffers with the maps that are theirs, and leaves out the others", () => {
  const watched = new Watched().take({
    rings: [{ mapId: 1 }, { mapId: 2 }, { mapId: 7 }, { mapId: 9 }],
    perf: [{ mapId: 2 }, { mapId: 3, cpu: 0 }, { mapId: 3, cpu: 1 }],
  });
  assertEquals(watched.rings.map(({ map, mapRow }) => [map.name, mapRow]), [
    ["one", 0],
    ["two", 1],
  ]);
  assertEquals(watched.perf.map(({ map, cpu }) => [map.name, cpu]), [
    ["perf", 0],
    ["perf", 1],
  ]);
});

Deno.test("Buffers.take() never calls counters exact again once some of them were estimated", () => {
  const watched = new Watched().take({ rings: [{ events: 100 }] });
  assertEquals(watched.events, [[1, 100, "exact"]]);
  watched.take({ rings: [{ events: 150, coverage: 0.5 }] });
  assertEquals(watched.events, [[1, 150, "estimated"]]);
  assertEquals(watched.rings[0].coverage, 0.5);
  assertEquals(
    watched.rings[0].readings.events.reason,
    "records of 50.0 % of the bytes were counted",
  );
  watched.take({ rings: [{ events: 400, coverage: 1 }] });
  assertEquals(watched.events, [[1, 400, "estimated"]]);
  const [{ coverage, readings }] = watched.rings;
  assert(coverage < 1);
  assertAlmostEquals(coverage, 1);
  assertEquals(readings.writtenBytes.quality, "exact");
  assertEquals(
    readings.events.reason,
    "records of 99.9 % of the bytes were counted",
  );
});

Deno.test("Buffers.take() calls counters exact again where counting was behind and nothing was skipped", () => {
  const behind = { coverage: 0.5, skippedBytes: 0 };
  const watched = new Watched().take({
    rings: [{ events: 50, ...behind }],
    perf: [{ mapId: 3, ...behind }],
  });
  assertEquals(watched.rings[0].readings.events, {
    value: 50,
    quality: "lower bound",
    reason: "more is yet to be counted",
  });
  assertEquals(watched.perf[0].readings.events.quality, "lower bound");
  watched.take({ rings: [{ events: 100 }], perf: [{ mapId: 3 }] });
  assertEquals(watched.events, [[1, 100, "exact"]]);
  assertEquals(watched.rings[0].coverage, 1);
});

Deno.test("Buffers.take() lets no counter of a living buffer fall, nor vanish for a moment", () => {
  const watched = new Watched()
    .take({ rings: [{ events: 100, lossEpisodes: 3 }] })
    .take({ rings: [{ events: 90, lossEpisodes: NaN, writtenBytes: 1 }] });
  const [{ readings }] = watched.rings;
  assertEquals(
    [
      readings.events.value,
      readings.lossEpisodes.value,
      readings.writtenBytes.value,
    ],
    [100, 3, 1600],
  );
});

Deno.test("Buffers.take() begins a new series for another buffer of a map's id", () => {
  const watched = new Watched()
    .take({ rings: [{ serial: 5, events: 900, coverage: 0.5 }] })
    .take({ rings: [{ serial: 6, events: 4 }] });
  assertEquals(watched.events, [[1, 4, "exact"]]);
  assertEquals(watched.rings[0].coverage, 1);
  assert(Number.isNaN(watched.rings[0].eventsPerSecond));
});

Deno.test("Buffers.take() forgets buffers that are gone, and keeps their neighbours' numbers", () => {
  const watched = new Watched()
    .take({
      rings: [{ mapId: 1, events: 1 }, { mapId: 2, serial: 2, events: 20 }],
    })
    .take({ rings: [{ mapId: 2, serial: 2, events: 15 }] });
  assertEquals(watched.events, [[2, 20, "exact"]]);
  watched.take({ rings: [] });
  assertEquals(watched.events, []);
});

Deno.test("Buffers.take() tells events a second between two looks", () => {
  const watched = new Watched()
    .take({ rings: [{ events: 100 }], perf: [{ mapId: 3, samples: 7 }] })
    .take({ rings: [{ events: 350 }], perf: [{ mapId: 3, samples: 8 }] });
  assertEquals(watched.rings[0].eventsPerSecond, 250);
  assertEquals(watched.perf[0].eventsPerSecond, 1);
  watched.take({
    rings: [{ events: 350 }],
    unavailable: { rings: "read failed: EIO" },
  });
  assert(Number.isNaN(watched.rings[0].eventsPerSecond));
});

Deno.test("Buffers.take() keeps losses that were counted one by one, over the worker's lives", () => {
  const counted = (lostEvents: number, isLostExact = 1) => ({
    unavailable: {},
    rings: [{ serial: 5, lostEvents, isLostExact }],
  });
  const watched = new Watched().take(counted(7), 1).take(counted(9), 2);
  const lost = () => watched.rings[0].readings.lostEvents;
  assertEquals(lost(), { value: 9, quality: "exact" });
  watched.take(counted(9, 0), 2);
  assertEquals([lost().value, lost().quality], [9, "lower bound"]);
  // Another ring with its id has lost nothing yet.
  watched.take({
    unavailable: {},
    rings: [{ serial: 6, lostEvents: 0, isLostExact: 1 }],
  }, 2);
  assertEquals(lost(), { value: 0, quality: "exact" });
});

Deno.test("Buffers.take() says why losses are not counted one by one, and of user rings who keeps them", () => {
  const watched = new Watched().take({ rings: [{ mapId: 1 }] });
  assertEquals(watched.rings[0].readings.lostEvents, {
    value: NaN,
    quality: "unavailable",
    reason: RING_LOSSES_OFF,
  });
  watched.take({ unavailable: {}, rings: [{ isUser: 1, lossEpisodes: NaN }] });
  assertEquals(
    watched.rings[0].readings.lostEvents.reason,
    "user space writes it, and keeps its losses to itself",
  );
});

Deno.test("Buffers.take() has a ring whose pages lie stand still, and believes none of its counts later", () => {
  const watched = new Watched()
    .take({ rings: [{ events: 10 }] })
    .take({ rings: [{ events: 10, pendingBytes: 99, isBroken: 1 }] });
  const [{ readings }] = watched.rings;
  assertEquals(
    Object.values(readings).map(({ quality }) => quality).toSorted(),
    [
      "lower bound",
      "lower bound",
      "lower bound",
      "lower bound",
      "lower bound",
      "unavailable",
      "unavailable",
      "unavailable",
    ],
  );
  assert(Number.isNaN(readings.pendingBytes.value));
  assertEquals(
    readings.events.reason,
    "what its pages say cannot be: since then its counters stand still",
  );
  watched.take({ rings: [{ events: 30 }] });
  assertEquals(watched.events, [[1, 30, "estimated"]]);
  assert(watched.rings[0].coverage < 1);
});

Deno.test("Buffers.take() goes on where a worker's life ended: looks and losses are added up", () => {
  const before = { serial: 5, events: 120, lossEpisodes: 4 };
  const watched = new Watched()
    .take({ passes: 100, spentMs: 30, rings: [before] }, 1)
    .take({ passes: 1, spentMs: 1, rings: [{ ...before, lossEpisodes: 0 }] }, 2)
    .take({
      passes: 2,
      spentMs: 2,
      rings: [{ ...before, events: 90, lossEpisodes: 1 }],
    }, 2);
  const { state } = watched.buffers;
  assertEquals([state?.passes, state?.spentMs], [102, 32]);
  const [{ readings }] = watched.rings;
  assertEquals([readings.events.value, readings.lossEpisodes.value], [120, 5]);
});

Deno.test("Buffers.take() counts a loss once that both the old worker and the new one found", () => {
  const watched = new Watched()
    .take({ rings: [{ lossEpisodes: 4 }] }, 1)
    .take({ rings: [{ lossEpisodes: 1 }] }, 2);
  assertEquals(watched.rings[0].readings.lossEpisodes.value, 4);
  watched.take({ rings: [{ lossEpisodes: 2, writtenBytes: 1700 }] }, 2);
  assertEquals(watched.rings[0].readings.lossEpisodes.value, 5);
});

Deno.test("Buffers.take() tells perf buffers of a new worker apart by what the kernel counted", () => {
  const watched = new Watched()
    .take({
      perf: [
        { mapId: 3, cpu: 0, serial: 1, samples: 50, writtenBytes: 500 },
        { mapId: 3, cpu: 1, serial: 2, samples: 50, writtenBytes: 500 },
      ],
    }, 1)
    .take({
      perf: [
        { mapId: 3, cpu: 0, serial: 8, samples: 40, writtenBytes: 600 },
        { mapId: 3, cpu: 1, serial: 2, samples: 2, writtenBytes: 20 },
      ],
    }, 2);
  assertEquals(watched.perf.map(({ readings }) => readings.events.value), [
    50,
    2,
  ]);
});

Deno.test("Buffers.take() calls lost samples exact only where the kernel counts them", () => {
  const watched = new Watched().take({
    perf: [
      { mapId: 3, cpu: 0, lostSamples: 6, isLostExact: 1 },
      { mapId: 3, cpu: 1, lostSamples: 6, isLostExact: 0 },
      { mapId: 3, cpu: 2, samples: NaN, coverage: NaN, pendingBytes: NaN },
    ],
  });
  assertEquals(
    watched.perf.map(({ readings: { events, lostEvents, pendingBytes } }) => [
      events.quality,
      lostEvents.quality,
      pendingBytes.quality,
    ]),
    [
      ["exact", "exact", "exact"],
      ["exact", "lower bound", "exact"],
      ["unavailable", "exact", "unavailable"],
    ],
  );
});

Deno.test("Buffers.take() gives a loss sign to no ring that user space writes", () => {
  const [{ isUser, readings }] = new Watched()
    .take({ rings: [{ isUser: 1, lossEpisodes: NaN }] }).rings;
  assertEquals(isUser, true);
  assertEquals(readings.lossEpisodes, {
    value: NaN,
    quality: "unavailable",
    reason: "user space writes it, and keeps its losses to itself",
  });
});

Deno.test("Buffers.setMaxSeries() has what rises without a series counted under other, and never fall", () => {
  const watched = new Watched(1)
    .take({
      rings: [
        { mapId: 1, events: 1000 },
        { mapId: 2, serial: 2, events: 50, pendingBytes: 8 },
      ],
    })
    .take({
      rings: [
        { mapId: 1, events: 1001 },
        { mapId: 2, serial: 2, events: 57, pendingBytes: 16 },
      ],
    });
  const rest = () => watched.buffers.state?.rings.rest;
  assertEquals(watched.rings.map((ring) => ring.hasOwnSeries), [true, false]);
  assertEquals(watched.buffers.state?.rings.restSize, 1);
  assertEquals([rest()?.events, rest()?.pendingBytes], [7, 16]);
  watched.take({ rings: [{ mapId: 1, events: 1001 }] });
  assertEquals([rest()?.events, rest()?.pendingBytes], [7, undefined]);
  watched.buffers.setMaxSeries(2);
  watched.take({
    rings: [
      { mapId: 1, events: 1001 },
      { mapId: 2, serial: 3, events: 5 },
    ],
  });
  assertEquals(watched.rings.map((ring) => ring.hasOwnSeries), [true, true]);
  assertEquals(rest()?.events, 7);
});
