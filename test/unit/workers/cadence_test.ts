import { assertEquals } from "@std/assert";
import { Cadence } from "../../../workers/cadence.ts";

Deno.test("Cadence.next() keeps to multiples of the interval, however late it is asked", () => {
  const cadence = new Cadence(1000.25, 100);
  assertEquals(cadence.next(1000.25), 1100.25);
  assertEquals(cadence.next(1101.9), 1200.25);
  assertEquals(cadence.next(1299.9), 1300.25);
  assertEquals(cadence.takeMissed(), 0);
});

Deno.test("Cadence.next() counts a slot that has passed and never answers it", () => {
  const cadence = new Cadence(0, 100);
  assertEquals(cadence.next(0), 100);
  assertEquals(cadence.next(350), 400);
  assertEquals(cadence.takeMissed(), 2);
  assertEquals(cadence.takeMissed(), 0);
});

Deno.test("Cadence.next() skips a minute that the process was stopped, in one step", () => {
  const cadence = new Cadence(0, 100);
  cadence.next(0);
  assertEquals(cadence.next(60_000), 60_100);
  assertEquals(cadence.takeMissed(), 599);
});

Deno.test("Cadence.next() goes on to the following slot when a timer fired early", () => {
  const cadence = new Cadence(0, 100);
  assertEquals(cadence.next(0), 100);
  assertEquals(cadence.next(99.99), 200);
  assertEquals(cadence.takeMissed(), 0);
});

Deno.test("Cadence.next() does not drift over ten minutes of timers that are each up to 1.5 ms late", () => {
  const cadence = new Cadence(5, 100);
  let deadline = cadence.next(5);
  for (let slot = 1; slot < 6000; slot++) {
    assertEquals(deadline, 5 + slot * 100);
    deadline = cadence.next(deadline + (slot % 16) / 10);
  }
  assertEquals(cadence.takeMissed(), 0);
});
