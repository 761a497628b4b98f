/** Owns the tests of src/http/scrape.ts. @module */
import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { bytes, expositionOf, fakeNode, pageOf } from "./fake_node.ts";

const BIG = "odigos_ebpf_objects_total 1\n".repeat(10_000);

Deno.test("GET /metrics is Prometheus text of every group by default", async () => {
  const answer = await fakeNode().app.request("/metrics");
  assertEquals(answer.status, 200);
  assertEquals(
    answer.headers.get("content-type"),
    "text/plain; version=0.0.4; charset=utf-8",
  );
  assertEquals(answer.headers.get("cache-control"), "no-store");
  assertEquals(answer.headers.get("vary"), "Accept, Accept-Encoding");
  const text = await answer.text();
  assertEquals(text, "# prometheus all\nup 1\n");
  assertEquals(answer.headers.get("content-length"), String(text.length));
});

Deno.test("GET /metrics is OpenMetrics where Accept prefers it", async () => {
  const answer = await fakeNode().app.request("/metrics", {
    headers: { accept: "application/openmetrics-text;version=1.0.0,*/*;q=0.1" },
  });
  assertEquals(
    answer.headers.get("content-type"),
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  );
  assertStringIncludes(await answer.text(), "# openmetrics all");
});

Deno.test("GET /metrics narrows to the groups of collect[], encoded or not", async () => {
  const { app } = fakeNode();
  for (
    const query of [
      "collect[]=objects&collect[]=memory",
      "collect%5B%5D=objects&collect%5B%5D=memory&collect%5B%5D=objects",
    ]
  ) {
    const answer = await app.request(`/metrics?${query}`);
    assertStringIncludes(await answer.text(), "# prometheus objects,memory\n");
  }
});

Deno.test("GET /metrics refuses an unknown group and an unknown parameter", async () => {
  const { app } = fakeNode();
  const group = await app.request("/metrics?collect[]=program");
  assertEquals(group.status, 400);
  assertStringIncludes(
    (await group.json()).detail,
    "the nearest is programs",
  );
  const parameter = await app.request("/metrics?format=json");
  assertEquals(parameter.status, 400);
  assertStringIncludes((await parameter.json()).detail, 'found "format"');
});

Deno.test("GET /metrics is compressed where the client takes gzip", async () => {
  const { app } = fakeNode({ exposition: pageOf(BIG) });
  const headers = { "accept-encoding": "gzip" };
  const answer = await app.request("/metrics", { headers });
  assertEquals(answer.headers.get("content-encoding"), "gzip");
  const body = new Uint8Array(await answer.arrayBuffer());
  assertEquals(answer.headers.get("content-length"), String(body.length));
  assertLess(body.length, BIG.length / 10);
  assertEquals(
    new TextDecoder().decode(gunzipSync(body)),
    `# prometheus all\n${BIG}`,
  );
  const plain = await app.request("/metrics");
  assertEquals(plain.headers.has("content-encoding"), false);
  assertStringIncludes(await plain.text(), BIG);
});

Deno.test("HEAD /metrics has the headers of GET and no body", async () => {
  const { app } = fakeNode({ exposition: pageOf(BIG) });
  const [get, head] = await Promise.all([
    app.request("/metrics"),
    app.request("/metrics", { method: "HEAD" }),
  ]);
  assertEquals(head.status, 200);
  assertEquals([...head.headers], [...get.headers]);
  assertEquals(await head.text(), "");
  assertEquals((await get.text()).length, 17 + BIG.length);
});

Deno.test("GET /metrics renders once for scrapes that come while it renders", async () => {
  const rendered = Promise.withResolvers<Uint8Array[]>();
  let renders = 0;
  const { app } = fakeNode({
    exposition: expositionOf(() => {
      renders += 1;
      return rendered.promise;
    }),
  });
  const gzip = { headers: { "accept-encoding": "gzip" } };
  const answers = [
    app.request("/metrics"),
    app.request("/metrics", gzip),
    app.request("/metrics"),
    app.request("/metrics?collect[]=memory"),
  ];
  rendered.resolve([bytes(BIG)]);
  for (const answer of await Promise.all(answers)) {
    assertEquals(answer.status, 200);
    await answer.body?.cancel();
  }
  assertEquals(renders, 3);
});

Deno.test("GET /metrics answers 429 beyond the bound of pages that are being rendered", async () => {
  const rendered = Promise.withResolvers<Uint8Array[]>();
  const { app } = fakeNode({
    exposition: expositionOf(() => rendered.promise),
  });
  const one = ["objects", "memory", "programs", "limits", "agent"].map(
    (group) => `collect[]=${group}`,
  );
  const running = [...one, ...one.slice(1).map((g) => `${one[0]}&${g}`)].map(
    (query) => app.request(`/metrics?${query}`),
  );
  const statuses = Promise.all(
    running.map(async (answer) => (await answer).status),
  );
  const refused = await running.at(-1);
  assertEquals(refused?.status, 429);
  assertEquals(refused?.headers.get("retry-after"), "1");
  rendered.resolve([bytes("up 1\n")]);
  assertEquals((await statuses).filter((status) => status === 200).length, 8);
});

Deno.test("GET /metrics answers 500 without internals when rendering fails, and logs why", async () => {
  const { app, log } = fakeNode({
    exposition: expositionOf(() => Promise.reject(new Error("secret reason"))),
  });
  const answer = await app.request("/metrics");
  assertEquals(answer.status, 500);
  const problem = await answer.text();
  assertEquals(problem.includes("secret"), false);
  assertEquals(log.lines, ['Cannot answer GET "/metrics": secret reason']);
});
