/** Owns the tests of src/log_queue.ts. @module */
import { assertEquals, assertRejects } from "@std/assert";
import {
  type AsyncByteSink,
  LineQueue,
  MOST_WAITING_BYTES,
} from "../../../src/log_queue.ts";

/** Takes nothing until it is told to, then at most `most` bytes at a time. */
class StuckSink implements AsyncByteSink {
  readonly #most: number;
  readonly #gate = Promise.withResolvers<void>();
  #bytes: number[] = [];
  /** Fails the write of this number, from 1. */
  failAtWrite = 0;
  #writes = 0;

  constructor(most = Infinity) {
    this.#most = most;
  }

  release(): void {
    this.#gate.resolve();
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#gate.promise;
    if (++this.#writes === this.failAtWrite) throw new Error("No space left");
    const taken = bytes.subarray(0, this.#most);
    this.#bytes.push(...taken);
    return taken.length;
  }

  get text(): string {
    return new TextDecoder().decode(Uint8Array.from(this.#bytes));
  }
}

Deno.test("LineQueue writes whole lines in their order to a sink that takes three bytes at a time", async () => {
  const sink = new StuckSink(3);
  const queue = new LineQueue(sink);
  sink.release();
  await Promise.all([queue.write("größer\n"), queue.write("second\n")]);
  assertEquals(sink.text, "größer\nsecond\n");
});

Deno.test("LineQueue refuses what goes beyond its bound while the sink is stuck, and writes the rest afterwards", async () => {
  const sink = new StuckSink();
  const queue = new LineQueue(sink);
  const line = "x".repeat(1023) + "\n";
  const fit = MOST_WAITING_BYTES / line.length;
  const waiting = Array.from({ length: fit }, () => queue.write(line));
  await assertRejects(() => queue.write("y\n"), Error, "too many lines wait");
  sink.release();
  await Promise.all(waiting);
  assertEquals(sink.text, line.repeat(fit));
  await queue.write("z\n");
  assertEquals(sink.text.slice(-4), "x\nz\n");
});

Deno.test("LineQueue rejects a line that fails, and begins a new one after what was cut off", async () => {
  const sink = new StuckSink(4);
  const queue = new LineQueue(sink);
  sink.failAtWrite = 2;
  sink.release();
  await assertRejects(() => queue.write("cut off\n"), Error, "No space");
  await queue.write("next\n");
  assertEquals(sink.text, "cut \nnext\n");
});

Deno.test("LineQueue rejects when a sink takes nothing, instead of asking for ever", async () => {
  const queue = new LineQueue({ write: () => Promise.resolve(0) });
  await assertRejects(() => queue.write("x\n"), Error, "no byte was taken");
});
