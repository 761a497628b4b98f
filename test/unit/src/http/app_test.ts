/** Owns the tests of src/http/app.ts. @module */
import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { aCollector, aNewCollector, fakeNode } from "./fake_node.ts";

const PATHS = ["/", "/metrics", "/healthz", "/readyz"];

Deno.test("createApp() answers GET and HEAD on every path, with nothing kept or guessed", async () => {
  const { app } = fakeNode();
  for (const path of PATHS) {
    const get = await app.request(path);
    assertEquals(get.status, 200, path);
    assertEquals(get.headers.get("cache-control"), "no-store");
    assertEquals(get.headers.get("x-content-type-options"), "nosniff");
    await get.body?.cancel();
    const head = await app.request(path, { method: "HEAD" });
    assertEquals(head.status, 200, path);
    assertEquals(await head.text(), "");
  }
});

Deno.test("createApp() answers 405 with Allow to every other method", async () => {
  const { app } = fakeNode();
  for (const path of PATHS) {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"]) {
      const answer = await app.request(path, { method });
      assertEquals(answer.status, 405, `${method} ${path}`);
      assertEquals(answer.headers.get("allow"), "GET, HEAD");
      assertEquals((await answer.json()).status, 405);
    }
  }
});

Deno.test("createApp() answers 400 to an unknown parameter on every path", async () => {
  const { app } = fakeNode();
  for (const path of PATHS) {
    const answer = await app.request(`${path}?verbose=1`);
    assertEquals(answer.status, 400, path);
    assertStringIncludes((await answer.json()).detail, 'found "verbose"');
  }
});

Deno.test("createApp() answers 404 to everything else, however odd", async () => {
  const { app, log } = fakeNode();
  const odd = [
    "/nothing",
    "/metrics/",
    "//metrics",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2fetc/passwd",
    "/%",
    "/%ff%fe",
    "/metrics%00",
    "/__proto__",
    `/${"a/".repeat(4000)}`,
    "/<script>alert(1)</script>",
  ];
  for (const path of odd) {
    const answer = await app.request(path);
    assertEquals(answer.status, 404, path);
    assertEquals(
      answer.headers.get("content-type"),
      "application/problem+json; charset=utf-8",
    );
    assertEquals(answer.headers.get("x-content-type-options"), "nosniff");
    const text = await answer.text();
    assertLess(text.length, 400);
    assertEquals(JSON.parse(text).status, 404);
  }
  assertEquals(log.lines, []);
});

Deno.test("createApp() refuses a body with GET unread and ends the connection", async () => {
  const { app } = fakeNode();
  for (
    const headers of [
      { "content-length": "5" },
      { "transfer-encoding": "chunked" },
    ]
  ) {
    const answer = await app.request("/metrics", { headers });
    assertEquals(answer.status, 413);
    assertEquals(answer.headers.get("connection"), "close");
    await answer.body?.cancel();
  }
  const empty = await app.request("/healthz", {
    headers: { "content-length": "0" },
  });
  assertEquals(await empty.text(), "ok\n");
});

Deno.test("GET /healthz answers 503 and names the collector that missed ten deadlines", async () => {
  const { app } = fakeNode({
    collectors: [
      aCollector(),
      aCollector({ name: "links", overdueInARow: 10 }),
    ],
  });
  const answer = await app.request("/healthz");
  assertEquals(answer.status, 503);
  assertStringIncludes(await answer.text(), "collector links");
});

Deno.test("GET /readyz answers 503 until every collector has a sample", async () => {
  const before = await fakeNode({ collectors: [aNewCollector()] }).app.request(
    "/readyz",
  );
  assertEquals(before.status, 503);
  assertEquals((await before.json()).ready, false);
  const after = await fakeNode().app.request("/readyz");
  assertEquals(after.status, 200);
  assertEquals(after.headers.get("content-type"), "application/json");
  assertEquals((await after.json()).ready, true);
});
