/** Owns the tests of src/http/listener_watch.ts. @module */
import { assertEquals } from "@std/assert";
import {
  type ListenerWatch,
  watchListener,
} from "../../../../src/http/listener_watch.ts";
import { StillClock } from "./fake_node.ts";

/** How the listener takes a knock. */
type Hearing = "hears" | "deaf" | "no files";

interface Scene {
  readonly clock: StillClock;
  readonly watch: ListenerWatch;
  readonly events: string[];
  hearing: Hearing;
  /** Moves the clock by half seconds, as long as anything that was begun is at its end before the next one. */
  pass(seconds: number): Promise<void>;
}

function scene(hearing: Hearing, revived: Hearing = "hears"): Scene {
  const clock = new StillClock();
  const events: string[] = [];
  const watch = watchListener({
    clock,
    afterMs: 10_000,
    knock(failed) {
      events.push("knock");
      if (it.hearing === "no files") failed();
      if (it.hearing === "hears") queueMicrotask(watch.heard);
      return () => events.push("hang up");
    },
    revive(first) {
      events.push(first ? "revive" : "revive again");
      it.hearing = revived;
      return Promise.resolve();
    },
  });
  const it: Scene = {
    clock,
    watch,
    events,
    hearing,
    async pass(seconds) {
      for (let i = 0; i < 2 * seconds; i++) {
        clock.advance(500);
        for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      }
    },
  };
  return it;
}

Deno.test("watchListener() knocks after a silence, and hangs up once it is heard", async () => {
  const { events, pass, watch, clock } = scene("hears");
  await pass(9);
  assertEquals(events, []);
  await pass(1);
  assertEquals(events, ["knock", "hang up"]);
  await pass(10);
  assertEquals(events.length, 4);
  watch.stop();
  assertEquals(clock.waiting, 0);
});

Deno.test("watchListener() does not knock where connections come", async () => {
  const { events, pass, watch } = scene("deaf");
  for (let i = 0; i < 20; i++) {
    watch.heard();
    await pass(5);
  }
  assertEquals(events, []);
  watch.stop();
});

Deno.test("watchListener() revives a listener that does not hear", async () => {
  const { events, pass, watch } = scene("deaf");
  await pass(11);
  assertEquals(events, ["knock", "hang up", "revive"]);
  await pass(10);
  assertEquals(events.slice(3), ["knock", "hang up"]);
  watch.stop();
});

Deno.test("watchListener() asks again each second while no file is left to knock with", async () => {
  const it = scene("no files");
  await it.pass(14);
  assertEquals(it.events, ["knock", "hang up", "knock", "hang up", "knock"]);
  it.hearing = "deaf";
  await it.pass(3);
  assertEquals(it.events.at(-1), "revive");
  it.watch.stop();
});

Deno.test("watchListener() tries ever less often where revival does not help", async () => {
  const it = scene("deaf", "deaf");
  await it.pass(11 + 11 + 21 + 41);
  const revivals = it.events.filter((event) => event.startsWith("revive"));
  assertEquals(revivals, [
    "revive",
    "revive again",
    "revive again",
    "revive again",
  ]);
  it.watch.stop();
  assertEquals(it.clock.waiting, 0);
});

Deno.test("watchListener() takes no listener for deaf that hears late because the process stood still", async () => {
  const { events, pass, watch, clock } = scene("deaf");
  await pass(10);
  assertEquals(events, ["knock"]);
  // The timer of a process that stood still for ten seconds is called first, then the connection is accepted.
  clock.advance(10_000);
  watch.heard();
  await pass(5);
  assertEquals(events, ["knock", "hang up"]);
  watch.stop();
});
