/**
 * Owns the proof, in short form, that clients which misbehave cost the others nothing: bench/pressure.ts measures the same at full
 * size. In: startServer() on loopback. Out: tests of answers beside them, and of what is left when they are gone.
 * @module
 */
import {
  assert,
  assertEquals,
  assertLess,
  assertLessOrEqual,
  assertMatch,
} from "@std/assert";
import { PressureLoad } from "../../bench/pressure_load.ts";
import { bytes, pageOf } from "../unit/src/http/fake_node.ts";
import {
  appWith,
  connect,
  get,
  readToEnd,
  realClock,
  start,
  timed,
} from "./http_peers.ts";
import { startServer } from "../../src/http/server.ts";
import { RecordedLog } from "../unit/src/http/fake_node.ts";
import { pause } from "../agent.ts";

/** Files that are still open then stay open: the assertion says so. */
const PATIENCE_MS = 20_000;

const CHUNK = new Uint8Array(65_536);

function openFiles(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

Deno.test("startServer() answers beside idle, slow and stalled clients, stops within 300 ms, and keeps no file", async () => {
  const app = appWith();
  let pulled = 0;
  app.get("/api/v1/stream", (c) =>
    c.body(
      new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled += 1;
          controller.enqueue(CHUNK);
        },
      }, { highWaterMark: 0 }),
    ));
  const before = openFiles();
  const server = await startServer({
    app,
    address: { host: "127.0.0.1", port: 0 },
    clock: realClock,
    log: new RecordedLog(),
  });
  const { port } = server.address;
  const load = new PressureLoad(port);
  await load.add({ idle: 200, slow: 20, stalled: 5 });
  for (let i = 0; i < 20; i++) {
    const connection = await connect(
      server,
      get("/metrics", "Connection: close"),
    );
    assertMatch(await readToEnd(connection), /^HTTP\/1.1 200 /);
  }
  // Five readers that read nothing get what their sockets' buffers hold, some MB each, and no more.
  assertLess(pulled * CHUNK.length / 5, 16 * 1024 * 1024);
  const stopMs = await timed(server.stop());
  load.hangUp();
  assertLess(stopMs, 300);
  const until = performance.now() + PATIENCE_MS;
  while (openFiles() > before + 2 && performance.now() < until) await pause(5);
  assertLessOrEqual(openFiles(), before + 2);
});

Deno.test("startServer() answers requests that come in one piece one after the other, in their order", async () => {
  const server = await start();
  const paths = Array.from(
    { length: 15 },
    (_, i) => i % 3 === 0 ? "/metrics" : `/no-such-path-${i}`,
  );
  const connection = await connect(
    server,
    paths.map((path) => get(path)).join("") +
      get("/healthz", "Connection: close"),
  );
  const answer = await readToEnd(connection);
  const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+) /g)].map((m) => m[1]);
  assertEquals(statuses, [
    ...paths.map((path) => path === "/metrics" ? "200" : "404"),
    "200",
  ]);
  const named = [...answer.matchAll(/no-such-path-(\d+)/g)].map((m) =>
    Number(m[1])
  );
  assertEquals(named, named.toSorted((a, b) => a - b));
  assertEquals(named.length, 10);
  await server.stop();
});

Deno.test("startServer() cuts off who sends many requests and reads nothing, and goes on", async () => {
  let rendered = 0;
  const page = pageOf("up 1\n");
  const server = await start({
    exposition: {
      stream(format, groups) {
        rendered += 1;
        return page.stream(format, groups);
      },
    },
  });
  for (let client = 0; client < 5; client++) {
    const connection = await connect(server, get("/metrics").repeat(500));
    await readToEnd(connection);
  }
  assertLess(rendered, 5 * 17);
  const answer = await readToEnd(
    await connect(server, get("/healthz", "Connection: close")),
  );
  assertMatch(answer, /^HTTP\/1.1 200 /);
  await server.stop();
});

Deno.test("startServer() takes every Accept and Accept-Encoding, however bad", async () => {
  const server = await start({ exposition: pageOf("up 1\n") });
  const bad = [
    "Accept: ",
    "Accept: ;;;q=,,,",
    "Accept: text/plain;q=99999, */*;q=-1",
    `Accept: ${"a/b,".repeat(3000)}`,
    'Accept: application/openmetrics-text;version="',
    "Accept-Encoding: ,,;q",
    "Accept-Encoding: gzip;q=0, br;q=nonsense",
    "Accept-Encoding: \u00ff\u00fe",
    `Accept-Encoding: ${"x,".repeat(5000)}`,
  ];
  for (const header of bad) {
    const connection = await connect(
      server,
      get("/metrics", header, "Connection: close"),
    );
    assertMatch(
      await readToEnd(connection),
      /^HTTP\/1.1 200 [\s\S]*up 1\n$/,
      header.slice(0, 40),
    );
  }
  await server.stop();
});

Deno.test("startServer() finds nothing outside its paths, however they are written", async () => {
  const server = await start();
  const paths = [
    "/../../../etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/metrics/../../../etc/passwd",
    "/....//....//etc/passwd",
    "/metrics%00.html",
    "//etc/passwd",
    "/%c0%ae%c0%ae/etc/passwd",
  ];
  for (const path of paths) {
    const connection = await connect(server);
    await connection.write(bytes(get(path, "Connection: close")));
    const answer = await readToEnd(connection);
    assertMatch(answer, /^HTTP\/1.1 40[04] /, path);
    assert(!answer.includes("root:"), path);
  }
  await server.stop();
});
