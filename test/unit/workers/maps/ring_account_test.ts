/** Owns the tests of workers/maps/ring_account.ts. @module */
import { BELOW_ONE } from "../../../../workers/maps/buffers_model.ts";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { RING_FLAGS } from "../../../../ffi/mod.ts";
import { RING_COLUMNS } from "../../../../workers/maps/buffers_model.ts";
import {
  RingAccount,
  serialAt,
} from "../../../../workers/maps/ring_account.ts";
import { type RingRow, rowOf } from "../../../kernel/rings.ts";
import { type RingRecord, ringRecords, USER_RINGBUF } from "./ring_records.ts";

/** An account whose time goes by 10 ms a look. */
class Looks {
  readonly account: RingAccount;
  readonly rows = new Float64Array(RING_COLUMNS.length);
  nowMs = 1_000;
  changed = false;
  skipsLosses = false;

  constructor(hasPendingPos = true) {
    this.account = new RingAccount(5, 77, hasPendingPos);
  }

  take(record: RingRecord, afterMs = 10): RingRow {
    this.nowMs += afterMs;
    this.account.take(ringRecords(record), 0, this.nowMs, this.nowMs);
    this.changed = this.account.write(this.rows, 0, this.skipsLosses);
    const row = rowOf(this, 5);
    assert(row !== undefined);
    return row;
  }
}

Deno.test("RingAccount tells what was written, consumed and counted", () => {
  const looks = new Looks();
  const row = looks.take({
    producerPos: 1_000,
    consumerPos: 400,
    pendingPos: 900,
    events: 9,
    discards: 2,
  });
  assertEquals(row, {
    mapId: 5,
    serial: 77,
    isUser: 0,
    sizeBytes: 4096,
    writtenBytes: 1_000,
    consumedBytes: 400,
    pendingBytes: 600,
    events: 9,
    discards: 2,
    coverage: 1,
    lossEpisodes: 0,
    fillRatioMax: 600 / 4096,
    skippedBytes: 0,
    lostEvents: NaN,
    isLostExact: NaN,
    isBroken: 0,
  });
});

Deno.test("RingAccount tells what the loss probe counted, exact unless some of its runs are missing", () => {
  const looks = new Looks();
  const lost = (record: RingRecord) => {
    const { lostEvents, isLostExact } = looks.take(record);
    return [lostEvents, isLostExact];
  };
  assertEquals(lost({ lost: 0, unplaced: 0 }), [0, 1]);
  assertEquals(lost({ lost: 2 ** 33, unplaced: 0 }), [2 ** 33, 1]);
  // What its pages say does not matter.
  assertEquals(
    lost({ lost: 2 ** 33 + 1, unplaced: 0, flags: RING_FLAGS.JUMPED }),
    [2 ** 33 + 1, 1],
  );
  assertEquals(lost({ lost: 2 ** 33 + 1, unplaced: 1 }), [2 ** 33 + 1, 0]);
  looks.skipsLosses = true;
  assertEquals(lost({ lost: 2 ** 33 + 1, unplaced: 0 }), [2 ** 33 + 1, 0]);
  assertEquals(lost({ lost: 0, unplaced: 0, type: USER_RINGBUF }), [NaN, NaN]);
});

Deno.test("RingAccount.write() says whether a look found anything new", () => {
  const looks = new Looks();
  looks.take({ producerPos: 80 });
  assert(looks.changed);
  looks.take({ producerPos: 80 });
  assert(!looks.changed);
  looks.take({ producerPos: 88 });
  assert(looks.changed);
});

Deno.test("RingAccount estimates what was overwritten, and says how little it counted", () => {
  const looks = new Looks();
  looks.take({ producerPos: 1_000, events: 8, discards: 2 });
  const row = looks.take({
    producerPos: 9_000,
    walkedBytes: 5_000,
    events: 40,
    discards: 10,
  });
  assertEquals(row.coverage, 5_000 / 9_000);
  assertEquals(row.skippedBytes, 4_000);
  assertEquals([row.events, row.discards], [72, 18]);
});

Deno.test("RingAccount never falls back to a coverage of 1, and its counters never fall", () => {
  const looks = new Looks();
  looks.take({ producerPos: 10_000, walkedBytes: 9_992, events: 100 });
  const row = looks.take({
    producerPos: 1_000_000,
    walkedBytes: 999_992,
    events: 10_000,
  });
  assert(row.coverage < 1);
  assert(row.events >= 10_000);
});

Deno.test("RingAccount explains a gap that came before the first walk by that walk", () => {
  const looks = new Looks();
  const first = looks.take({ producerPos: 8_000, walkedBytes: 0 });
  assertEquals([first.events, first.coverage], [0, 0]);
  const row = looks.take({
    producerPos: 9_000,
    walkedBytes: 1_000,
    events: 10,
  });
  assertEquals(row.events, 90);
});

Deno.test("RingAccount covers less while it is behind, and all where only what is not committed is left", () => {
  const looks = new Looks();
  const record = { producerPos: 1_000, walkPos: 600, walkedBytes: 600 };
  const behind = looks.take({ ...record, flags: RING_FLAGS.UNFINISHED });
  assertEquals([behind.coverage, behind.skippedBytes], [0.6, 0]);
  assert(looks.account.isBehind);
  const busy = looks.take({ ...record, flags: RING_FLAGS.BUSY });
  assertEquals(busy.coverage, 1);
  assert(!looks.account.isBehind);
});

Deno.test("RingAccount counts from the ring's first sight where it had come round by then, and covers not quite all", () => {
  const row = new Looks().take({
    producerPos: 50_100,
    firstPos: 50_000,
    walkedBytes: 100,
    events: 2,
  });
  assertEquals([row.writtenBytes, row.events, row.skippedBytes], [
    50_100,
    2,
    0,
  ]);
  assertEquals(row.coverage, BELOW_ONE);
});

Deno.test("RingAccount goes on where the program has forgotten the ring", () => {
  const looks = new Looks();
  looks.take({ producerPos: 10_000, events: 100 });
  const row = looks.take({
    producerPos: 12_000,
    firstPos: 11_000,
    walkPos: 12_000,
    walkedBytes: 1_000,
    events: 10,
    firstSeenNs: 2_000,
  });
  assertEquals(row.events, 120);
  assertAlmostEquals(row.coverage, 11_000 / 12_000, 1e-9);
});

Deno.test("RingAccount counts an episode only where both positions were equal at the same place twice", () => {
  const looks = new Looks();
  const at = (position: number, pendingPos = position) => ({
    producerPos: position,
    pendingPos,
  });
  assertEquals(looks.take(at(800)).lossEpisodes, 0);
  assert(looks.account.isSuspect);
  // Too soon: it may be the same reservation.
  assertEquals(looks.take(at(800), 0.01).lossEpisodes, 0);
  assertEquals(looks.take(at(800), 0.015).lossEpisodes, 1);
  assert(!looks.account.isSuspect);
  assertEquals(looks.take(at(800)).lossEpisodes, 1);
  assertEquals(looks.take(at(1_600)).lossEpisodes, 1);
  assertEquals(looks.take(at(2_400)).lossEpisodes, 1);
  assertEquals(looks.take(at(2_400)).lossEpisodes, 2);
  assertEquals(looks.take(at(2_480, 2_400)).lossEpisodes, 2);
});

for (
  const [what, hasPendingPos, record] of [
    ["of a user ring", true, { type: USER_RINGBUF }],
    ["that this kernel does not show", false, {}],
    ["where producers overwrite", true, { flags: RING_FLAGS.OVERWRITES }],
  ] as const
) {
  Deno.test(`RingAccount knows no episodes ${what}`, () => {
    const looks = new Looks(hasPendingPos);
    const row = looks.take({ producerPos: 80, pendingPos: 80, ...record });
    assertEquals(row.lossEpisodes, NaN);
  });
}

for (
  const [what, record] of [
    ["positions jump", { producerPos: 4_000, flags: RING_FLAGS.JUMPED }],
    ["headers lie", { producerPos: 4_000, flags: RING_FLAGS.LIED }],
    ["the producer is where it was before", { producerPos: 999 }],
    ["the producer is beyond any number", { producerPos: 2 ** 60 }],
  ] as const
) {
  Deno.test(`RingAccount has its counters stand still while ${what}`, () => {
    const looks = new Looks();
    const before = looks.take({ producerPos: 1_000, events: 10 });
    const during = looks.take({ ...record, events: 99 });
    assertEquals(during, { ...before, isBroken: 1 });
    const after = looks.take({ producerPos: 2_000, events: 20 });
    assertEquals([after.events, after.isBroken], [20, 0]);
  });
}

Deno.test("RingAccount remembers the highest fill for a minute", () => {
  const looks = new Looks();
  looks.take({ producerPos: 2_048 });
  const drained = { producerPos: 2_048, consumerPos: 2_048 };
  assertEquals(looks.take(drained, 45_000).fillRatioMax, 0.5);
  assertEquals(looks.take(drained, 20_000).fillRatioMax, 0);
  assertEquals(looks.take(drained, 10_000_000).fillRatioMax, 0);
});

Deno.test("RingAccount's rate rises at once and falls slowly", () => {
  const looks = new Looks();
  looks.take({ producerPos: 0 });
  looks.take({ producerPos: 1_000 });
  assertEquals(looks.account.bytesPerMs, 100);
  looks.take({ producerPos: 1_000 });
  assertEquals(looks.account.bytesPerMs, 70);
});

Deno.test("serialAt() is the cookie, or when the ring was first seen where there is none", () => {
  assertEquals(serialAt(ringRecords({ cookie: 9 }), 0), 9);
  assertEquals(serialAt(ringRecords({ cookie: 0 }), 0), 1_000);
});
