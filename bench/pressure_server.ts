/**
 * Owns one HTTP server that is put under pressure: the agent's application over a page of fixed size, on either listener. In: `node`
 * or `serve`, and the page's size in bytes. Out: its port on stdout; the end of stdin ends it.
 * @module
 */
// deno-lint-ignore-file no-console -- a program that prints
import { startServer } from "../src/http/server.ts";
import { appWith, realClock } from "../test/integration/http_peers.ts";
import { RecordedLog } from "../test/unit/src/http/fake_node.ts";

const [listener, sizeBytes] = Deno.args;
const CHUNK_BYTES = 65_536;
const chunk = new TextEncoder().encode(
  'bench_series{id="12345"} 1\n'.repeat(2400),
).subarray(0, CHUNK_BYTES);

const app = appWith({
  exposition: {
    async *stream() {
      for (let at = 0; at < Number(sizeBytes); at += chunk.length) {
        yield await Promise.resolve(chunk);
      }
    },
  },
});
/** As much as the reader takes, for ever. */
app.get("/api/v1/stream", (c) =>
  c.body(
    new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(chunk),
    }, { highWaterMark: 0 }),
  ));

if (listener === "serve") {
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
  }, (request) => app.fetch(request));
  console.log(server.addr.port);
} else {
  const { address } = await startServer({
    app,
    address: { host: "127.0.0.1", port: 0 },
    clock: realClock,
    log: new RecordedLog(),
  });
  console.log(address.port);
}
for await (const _ of Deno.stdin.readable);
Deno.exit(0);
