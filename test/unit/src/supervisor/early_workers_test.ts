import { assertEquals } from "@std/assert";
import { spawnEarly } from "../../../../src/supervisor/early_workers.ts";
import type { WorkerLike } from "../../../../src/supervisor/ports.ts";

class AWorker implements WorkerLike {
  onerror: ((event: ErrorEvent) => void) | null = null;
  constructor(readonly name: string) {}
  postMessage(): void {}
  terminate(): void {}
}

function setUp() {
  const spawned: AWorker[] = [];
  const spawn = spawnEarly((name) => {
    const worker = new AWorker(name);
    spawned.push(worker);
    return worker;
  }, ["maps", "links"]);
  return { spawn, spawned };
}

Deno.test("spawnEarly() hands out each worker that was started early once, and then new ones", () => {
  const { spawn, spawned } = setUp();
  assertEquals(spawned.map(({ name }) => name), ["maps", "links"]);
  assertEquals(spawn("links"), spawned[1]);
  assertEquals(spawned.length, 2);
  assertEquals(spawn("links"), spawned[2]);
  assertEquals(spawn("programs"), spawned[3]);
});

Deno.test("spawnEarly() tells whoever takes a worker that it failed before", async () => {
  const { spawn, spawned } = setUp();
  const event = new ErrorEvent("error", { cancelable: true, message: "no" });
  spawned[0].onerror?.(event);
  assertEquals(event.defaultPrevented, true);
  const told: string[] = [];
  spawn("maps").onerror = ({ message }) => told.push(message);
  await Promise.resolve();
  assertEquals(told, ["no"]);
});
