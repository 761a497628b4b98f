/** Owns the tests of workers/pulse.ts. @module */
import { assert, assertEquals } from "@std/assert";
import { type Beat, PulseReader, PulseWriter } from "../../../workers/pulse.ts";

function beat(tick: number): Beat {
  return {
    tick,
    startedAtMs: tick * 100.5,
    durationMs: 0.25,
    missedTicks: 1,
    syscalls: 4,
  };
}

function pair(): { reader: PulseReader; writer: PulseWriter } {
  const reader = new PulseReader();
  return { reader, writer: new PulseWriter(reader.buffer) };
}

Deno.test("PulseReader.take() answers each beat once, in order", () => {
  const { reader, writer } = pair();
  assert(writer.beat(beat(2)));
  assert(writer.beat(beat(3)));
  assertEquals(reader.take(2), beat(2));
  assertEquals(reader.take(3), beat(3));
  assertEquals(reader.take(4), undefined);
});

Deno.test("PulseReader.take() holds back what is later than a sample that a message is to tell", () => {
  const { reader, writer } = pair();
  writer.beat(beat(5));
  assertEquals(reader.take(4), undefined);
  assertEquals(reader.take(5), beat(5));
});

Deno.test("PulseWriter.beat() has no room when nobody reads, and room again once somebody does", () => {
  const { reader, writer } = pair();
  let tick = 0;
  while (writer.beat(beat(tick + 1))) tick++;
  assert(tick >= 100);
  for (let read = 1; read <= tick; read++) {
    assertEquals(reader.take(read), beat(read));
  }
  assert(writer.beat(beat(tick + 1)));
  assertEquals(reader.take(tick + 1), beat(tick + 1));
});

Deno.test("PulseWriter.sleep() tells once that it was woken before", () => {
  const { reader, writer } = pair();
  assert(writer.sleep(0));
  reader.wake();
  assert(!writer.sleep(60_000));
  assert(writer.sleep(0));
});
