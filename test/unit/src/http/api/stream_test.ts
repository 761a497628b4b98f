/** Owns the tests of src/http/api/stream.ts and event_reader.ts. @module */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { EventReader } from "../../../../../src/http/api/event_reader.ts";
import { MAX_STREAMS } from "../../../../../src/http/api/stream.ts";
import { StillClock } from "../fake_node.ts";
import { A_SNAPSHOT, apiNode, sampledAgain } from "./api_node.ts";

/** Lets everything that is ready run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

Deno.test("GET /api/v1/stream sends one sample an interval, each with an id", async () => {
  const node = apiNode();
  const answer = await node.app.request("/api/v1/stream?interval=2s");
  assertEquals(answer.status, 200);
  assertEquals(answer.headers.get("content-type"), "text/event-stream");
  assertEquals(answer.headers.get("cache-control"), "no-store");
  assert(answer.body !== null);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  const first = (await reader.read()).value ?? "";
  const [event, id] = first.split("\n");
  assertEquals(event, "event: sample");
  node.snapshot = sampledAgain(A_SNAPSHOT, 9_500);
  const next = reader.read();
  let came = false;
  void next.then(() => came = true);
  await settle();
  node.clock.advance(1_999);
  await settle();
  assertEquals(came, false);
  node.clock.advance(1);
  const second = ((await next).value ?? "").split("\n");
  assertEquals(second[0], "event: sample");
  assertNotEquals(second[1], id);
  await reader.cancel();
});

Deno.test("GET /api/v1/stream refuses more streams than may be, until one ends", async () => {
  const { app, clock } = apiNode();
  const bodies: ReadableStream<Uint8Array>[] = [];
  for (let i = 0; i < MAX_STREAMS; i++) {
    const { body } = await app.request("/api/v1/stream");
    assert(body !== null);
    bodies.push(body);
  }
  const refused = await app.request("/api/v1/stream");
  assertEquals(refused.status, 429);
  assertEquals(refused.headers.get("retry-after"), "10");
  await refused.body?.cancel();
  await bodies.pop()?.cancel();
  await settle();
  const taken = await app.request("/api/v1/stream");
  assertEquals(taken.status, 200);
  await taken.body?.cancel();
  for (const body of bodies) await body.cancel();
  await settle();
  assertEquals(clock.waiting, 0);
});

Deno.test("GET /api/v1/stream opens no stream for HEAD", async () => {
  const { app, clock } = apiNode();
  const head = await app.request("/api/v1/stream", { method: "HEAD" });
  assertEquals(head.status, 200);
  assertEquals(head.headers.get("content-type"), "text/event-stream");
  assertEquals(await head.text(), "");
  assertEquals(clock.waiting, 0);
});

/** A writer whose reader takes what was written when it is told to. */
class SlowWriter {
  readonly written: string[] = [];
  aborted = false;
  #take = () => {};
  #onAbort = () => {};

  write(text: string): Promise<void> {
    this.written.push(text);
    return new Promise((resolve) => this.#take = resolve);
  }
  take(): void {
    this.#take();
  }
  onAbort(listener: () => void): void {
    this.#onAbort = listener;
  }
  abort(): void {
    this.aborted = true;
    this.#onAbort();
  }
}

Deno.test("serve() passes over what a slow reader cannot take", async () => {
  const clock = new StillClock();
  const writer = new SlowWriter();
  let made = 0;
  const served = new EventReader(writer, undefined, clock).serve(
    () => `${++made}`,
    1_000,
  );
  for (let second = 0; second < 20; second++) {
    clock.advance(1_000);
    await settle();
  }
  assertEquals(writer.written, ["1"]);
  writer.take();
  await settle();
  assertEquals(writer.written, ["1", "2"]);
  writer.abort();
  await served;
  assertEquals(clock.waiting, 0);
});

Deno.test("serve() cuts a reader that takes nothing for half a minute", async () => {
  const clock = new StillClock();
  const writer = new SlowWriter();
  const served = new EventReader(writer, undefined, clock).serve(
    () => "event",
    1_000,
  );
  clock.advance(29_999);
  await settle();
  assertEquals(writer.aborted, false);
  clock.advance(1);
  await served;
  assertEquals(writer.aborted, true);
  assertEquals(clock.waiting, 0);
});

Deno.test("serve() sends a comment every 15 s between events that are far apart", async () => {
  const clock = new StillClock();
  const writer = new SlowWriter();
  const served = new EventReader(writer, undefined, clock).serve(
    () => "event",
    40_000,
  );
  for (let second = 0; second <= 40; second++) {
    writer.take();
    await settle();
    clock.advance(1_000);
    await settle();
  }
  assertEquals(writer.written, [
    "event",
    ": still here\n\n",
    ": still here\n\n",
    "event",
  ]);
  writer.abort();
  await served;
});
