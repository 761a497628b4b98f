import { assertEquals } from "@std/assert";
import { EACCES, LoadEventReader, openLoadEvents } from "../../../ffi/mod.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const PAGE = 4096;
const DATA_BYTES = 32 * PAGE;
const [LOADED, UNLOADED] = [1, 2];

/** One CPU's buffer, as the kernel writes it. */
class Ring {
  readonly buffer = new ArrayBuffer(PAGE + DATA_BYTES);
  readonly #view = new DataView(this.buffer);
  #head: number;

  constructor(start = 0) {
    this.#head = start;
    this.#view.setUint32(1024, start >>> 0, true);
    this.#view.setUint32(1032, start >>> 0, true);
  }

  get tail(): number {
    return this.#view.getUint32(1032, true);
  }

  /** Words of 32 bits, the header's being made of `type` and their number. */
  put(type: number, ...words: number[]): void {
    const all = [type, (8 + 4 * words.length) << 16, ...words];
    all.forEach((word, i) => {
      const at = (this.#head + 4 * i) % DATA_BYTES;
      this.#view.setUint32(PAGE + at, word >>> 0, true);
    });
    this.#head += 4 * all.length;
    this.#view.setUint32(1024, this.#head >>> 0, true);
  }

  event(what: number): void {
    // type and flags, id, tag, pid and tid, time
    this.put(18, what, 7, 0, 0, 1, 1, 0, 0);
  }
}

Deno.test("LoadEventReader.read() counts loads and unloads of every CPU, each once", () => {
  const rings = [new Ring(), new Ring()];
  const reader = new LoadEventReader(rings.map(({ buffer }) => buffer));
  assertEquals(reader.read(), undefined);
  rings[0].event(LOADED);
  rings[1].event(LOADED);
  rings[1].event(UNLOADED);
  rings[1].put(9, 1, 2);
  assertEquals(reader.read(), { loaded: 2, unloaded: 1, lost: 0 });
  assertEquals(reader.read(), undefined);
});

Deno.test("LoadEventReader.read() goes on where an earlier reader of the same buffer stopped", () => {
  const ring = new Ring();
  ring.event(LOADED);
  new LoadEventReader([ring.buffer]).read();
  ring.event(UNLOADED);
  assertEquals(new LoadEventReader([ring.buffer]).read(), {
    loaded: 0,
    unloaded: 1,
    lost: 0,
  });
});

Deno.test("LoadEventReader.read() follows records over the buffer's end and a position over 32 bits", () => {
  const ring = new Ring(2 ** 32 - 24);
  const reader = new LoadEventReader([ring.buffer]);
  ring.event(LOADED);
  ring.event(LOADED);
  assertEquals(reader.read(), { loaded: 2, unloaded: 0, lost: 0 });
  assertEquals(ring.tail, 56);
});

Deno.test("LoadEventReader.read() says how many records the kernel had no room for", () => {
  const ring = new Ring();
  ring.put(2, 1, 0, 300, 0);
  assertEquals(new LoadEventReader([ring.buffer]).read(), {
    loaded: 0,
    unloaded: 0,
    lost: 300,
  });
});

Deno.test("LoadEventReader.read() passes over what cannot be a record, and counts it as lost", () => {
  const ring = new Ring();
  const reader = new LoadEventReader([ring.buffer]);
  ring.event(LOADED);
  new DataView(ring.buffer).setUint32(PAGE + 4, 0, true);
  assertEquals(reader.read(), { loaded: 0, unloaded: 0, lost: 1 });
  ring.event(LOADED);
  assertEquals(reader.read(), { loaded: 1, unloaded: 0, lost: 0 });
});

Deno.test("openLoadEvents() opens one event a CPU, and none where one is refused", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile("/sys/devices/system/cpu/online", "0-1,4\n");
  const cpus: number[] = [];
  const kernelThat = (result: (cpu: number) => number) => {
    kernel.openPerfEvent = (_attr?: unknown, threadId?: number, cpu = -1) => {
      assertEquals(threadId, -1);
      cpus.push(cpu);
      return result(cpu);
    };
    return kernel;
  };
  assertEquals(openLoadEvents(kernelThat((cpu) => 100 + cpu)), [
    100,
    101,
    104,
  ]);
  assertEquals(cpus, [0, 1, 4]);
  assertEquals(
    openLoadEvents(kernelThat(() => -EACCES)),
    "perf_event_open failed: EACCES",
  );
});
