import { assertEquals } from "@std/assert";
import { startEarly } from "../../../../src/supervisor/early_workers.ts";
import type { WorkerLike } from "../../../../src/supervisor/ports.ts";
import {
  type Init,
  initMessage,
  type ToWorker,
} from "../../../../workers/protocol.ts";

class AWorker implements WorkerLike {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  readonly posted: ToWorker[] = [];
  constructor(readonly name: string) {}
  postMessage(message: ToWorker): void {
    this.posted.push(message);
  }
  terminate(): void {}
}

function setUp() {
  const spawned: AWorker[] = [];
  const buffer = new SharedArrayBuffer(8);
  const pulse = { buffer, take: () => undefined, wake() {} };
  const early = startEarly({
    spawn(name) {
      const worker = new AWorker(name);
      spawned.push(worker);
      return worker;
    },
    init: (epoch, intervalMs) => initMessage(epoch, intervalMs, undefined),
    openPulse: () => pulse,
  }, [
    { name: "maps", intervalMs: 500 },
    { name: "links", intervalMs: 200, holdersMs: 3000 },
  ]);
  return { early, spawned, pulse };
}

Deno.test("startEarly() tells each worker to begin its first life", () => {
  const { early, spawned, pulse } = setUp();
  assertEquals(spawned.map(({ name }) => name), ["maps", "links"]);
  const init = spawned[1]?.posted[0] as Init;
  const { epoch, intervalMs, holdersMs } = init;
  assertEquals([epoch, intervalMs, holdersMs], [1, 200, 3000]);
  assertEquals(init.pulse, pulse.buffer);
  const taken = early("links");
  assertEquals(taken, { worker: spawned[1] as WorkerLike, init, pulse });
});

Deno.test("startEarly() hands out each worker once", () => {
  const { early, spawned } = setUp();
  assertEquals(early("maps")?.worker, spawned[0]);
  assertEquals(early("maps"), undefined);
  assertEquals(early("programs"), undefined);
  assertEquals(spawned.length, 2);
});

Deno.test("startEarly() tells whoever takes a worker what it said before, in order", async () => {
  const { early, spawned } = setUp();
  const [maps] = spawned;
  for (const data of [1, 2]) {
    maps?.onmessage?.(new MessageEvent("message", { data }));
  }
  const event = new ErrorEvent("error", { cancelable: true, message: "no" });
  maps?.onerror?.(event);
  assertEquals(event.defaultPrevented, true);
  const told: unknown[] = [];
  const worker = early("maps")?.worker as WorkerLike;
  worker.onmessage = ({ data }) => told.push(data);
  worker.onerror = ({ message }) => told.push(message);
  await Promise.resolve();
  assertEquals(told, [1, 2, "no"]);
});
