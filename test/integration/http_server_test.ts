/**
 * Owns the proof that the HTTP server keeps its promises on real sockets. In: startServer() with short time-outs. Out:
 * tests of listening, of limits on clients that are slow or silent, and of a stop that is quick whoever is connected.
 * @module
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertLess,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ListenError } from "../../src/http/listen_error.ts";
import { bytes, expositionOf, pageOf } from "../unit/src/http/fake_node.ts";
import { connect, get, readToEnd, start, timed } from "./http_peers.ts";

const BIG = "odigos_ebpf_objects_total 1\n".repeat(100_000);

Deno.test("startServer() serves scrapes, many at once, plain and compressed", async () => {
  const server = await start({ exposition: pageOf(BIG) });
  const url = `http://127.0.0.1:${server.address.port}/metrics`;
  const bodies = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const encoding = index % 2 === 0 ? "gzip" : "identity";
      const answer = await fetch(url, {
        headers: { "accept-encoding": encoding },
      });
      return await answer.text();
    }),
  );
  for (const body of bodies) assertEquals(body, `# prometheus all\n${BIG}`);
  await server.stop();
});

Deno.test("startServer() says in one sentence that a port is in use", async () => {
  const server = await start();
  const { port } = server.address;
  const error = await assertRejects(() => start({ port }), ListenError);
  assertEquals(
    error.message,
    `Cannot listen on 127.0.0.1:${port}: the port is in use; choose another one with --listen`,
  );
  await server.stop();
});

Deno.test("startServer() says in one sentence that an address or a name is not there", async () => {
  for (const host of ["192.0.2.7", "no-such-host.invalid"]) {
    const error = await assertRejects(() => start({ host }), ListenError);
    assertMatch(error.message, /^Cannot listen on [\w.-]+:0: [^\n]+$/);
  }
});

Deno.test("startServer() listens on every address of both families where no host is given", async () => {
  const server = await start({ host: "" });
  for (const host of ["127.0.0.1", "[::1]"]) {
    const answer = await fetch(
      `http://${host}:${server.address.port}/healthz`,
    );
    assertEquals(await answer.text(), "ok\n");
  }
  await server.stop();
});

Deno.test("startServer() listens on one IPv6 address", async () => {
  const server = await start({ host: "::1" });
  const { port } = server.address;
  const answer = await fetch(`http://[::1]:${port}/healthz`);
  assertEquals(answer.status, 200);
  await answer.body?.cancel();
  await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port }));
  await server.stop();
});

Deno.test("startServer() closes a connection that sends half a header, or nothing", async () => {
  const server = await start({
    limits: { headersTimeoutMs: 150, checkEveryMs: 50 },
  });
  for (const sent of ["GET /metrics HTTP/1.1\r\nHo", ""]) {
    const connection = await connect(server, sent);
    const answer = await readToEnd(connection);
    assertStringIncludes(answer, "408 Request Timeout");
    assertStringIncludes(answer, "application/problem+json");
  }
  await server.stop();
});

Deno.test("startServer() closes a connection that is idle for too long", async () => {
  const server = await start({ limits: { keepAliveTimeoutMs: 100 } });
  const connection = await connect(server, get("/healthz"));
  assertStringIncludes(await readToEnd(connection), "200 OK");
  await server.stop();
});

Deno.test("startServer() answers what is not a request with 4xx and goes on", async () => {
  const server = await start();
  const table: Record<string, RegExp> = {
    "nonsense\r\n\r\n": /^HTTP\/1.1 400 /,
    "FOO / HTTP/1.1\r\nHost: a\r\n\r\n": /^HTTP\/1.1 400 /,
    "GET /\\..\\x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n":
      /^HTTP\/1.1 400 /,
    "GET / HTTP/1.1\r\nHost: a b c\r\nConnection: close\r\n\r\n":
      /^HTTP\/1.1 400 /,
    [get(`/${"a".repeat(60_000)}`)]: /^HTTP\/1.1 431 /,
    [get(`/${"a".repeat(9_000)}`)]: /^HTTP\/1.1 414 /,
    [get("/", `X-Long: ${"a".repeat(60_000)}`)]: /^HTTP\/1.1 431 /,
    [get("/../../etc/passwd", "Connection: close")]: /^HTTP\/1.1 404 /,
    "TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n":
      /^HTTP\/1.1 405 /,
    "GET /healthz HTTP/1.0\r\n\r\n": /^HTTP\/1.1 200 /,
  };
  for (const [sent, expected] of Object.entries(table)) {
    const connection = await connect(server, sent);
    assertMatch(await readToEnd(connection), expected, sent.slice(0, 40));
  }
  const alive = await connect(server, get("/healthz", "Connection: close"));
  assertStringIncludes(await readToEnd(alive), "ok\n");
  await server.stop();
});

Deno.test("startServer() refuses a body without reading it to its end", async () => {
  const server = await start();
  for (const method of ["GET", "POST"]) {
    const connection = await connect(
      server,
      `${method} /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\nfirst`,
    );
    const answer = await readToEnd(connection);
    assertMatch(answer, /^HTTP\/1.1 4(13|05) /);
    assertMatch(answer, /connection: close/i);
  }
  await server.stop();
});

Deno.test("startServer() closes the connection that was silent for longest when there are too many", async () => {
  const server = await start({ limits: { maxConnections: 2 } });
  const [first, second] = [await connect(server), await connect(server)];
  for (const connection of [second, first]) {
    await connection.write(bytes(get("/healthz")));
    assertGreater(await connection.read(new Uint8Array(4096)) ?? 0, 0);
  }
  const third = await connect(server, get("/healthz"));
  assertGreater(await third.read(new Uint8Array(4096)) ?? 0, 0);
  assertEquals(await readToEnd(second), "");
  await first.write(bytes(get("/healthz", "Connection: close")));
  assertStringIncludes(await readToEnd(first), "200 OK");
  third.close();
  await server.stop();
});

Deno.test("startServer() refuses a connection where every one waits for its answer", async () => {
  const never = new Promise<Uint8Array[]>(() => {});
  const asked = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  let count = 0;
  const server = await start({
    limits: { maxConnections: 2 },
    exposition: expositionOf(() => {
      asked[count++]?.resolve();
      return never;
    }),
  });
  const held = [
    await connect(server, get("/metrics")),
    await connect(server, get("/metrics?collect[]=agent")),
  ];
  await Promise.all(asked.map(({ promise }) => promise));
  assertEquals(await readToEnd(await connect(server, get("/healthz"))), "");
  for (const connection of held) connection.close();
  await server.stop();
});

Deno.test("stop() lets a running answer finish", async () => {
  const rendered = Promise.withResolvers<Uint8Array[]>();
  const asked = Promise.withResolvers<void>();
  const server = await start({
    exposition: expositionOf(() => {
      asked.resolve();
      return rendered.promise;
    }),
  });
  const connection = await connect(server, get("/metrics"));
  await asked.promise;
  const stopped = server.stop();
  rendered.resolve([bytes(BIG)]);
  const answer = await readToEnd(connection);
  assertMatch(answer, /connection: close/i);
  assert(answer.endsWith(BIG));
  await stopped;
});

Deno.test("stop() is at its end within 300 ms whoever is connected, and the port is free", async () => {
  const never = new Promise<Uint8Array[]>(() => {});
  const server = await start({ exposition: expositionOf(() => never) });
  const connections = [
    await connect(server),
    await connect(server, "GET /metrics HTTP/1.1\r\nHo"),
    await connect(server, get("/healthz")),
    await connect(server, get("/metrics")),
  ];
  assertGreater(await connections[2]?.read(new Uint8Array(4096)) ?? 0, 0);
  assertLess(await timed(server.stop()), 300);
  await Promise.all(connections.map(readToEnd));
  const { port } = server.address;
  await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port }));
  const next = await start({ port });
  await next.stop();
});

Deno.test("stop() is at once at its end where no answer is running", async () => {
  const server = await start({ limits: { stopGraceMs: 60_000 } });
  const silent = await connect(server, "GET /metrics HTTP/1.1\r\nHo");
  const idle = await connect(server, get("/healthz"));
  assertGreater(await idle.read(new Uint8Array(4096)) ?? 0, 0);
  await Promise.all([server.stop(), server.stop()]);
  await Promise.all([readToEnd(silent), readToEnd(idle)]);
});

Deno.test("stop() is at its end within 300 ms under a stream of scrapes", async () => {
  const server = await start({ exposition: pageOf(BIG) });
  const url = `http://127.0.0.1:${server.address.port}/metrics`;
  let answered = 0;
  const underway = Promise.withResolvers<void>();
  async function scrapeOnAndOn(): Promise<void> {
    try {
      for (;;) {
        const answer = await fetch(url);
        await answer.arrayBuffer();
        answered += 1;
        if (answered === 30) underway.resolve();
      }
    } catch (error) {
      assertInstanceOf(error, TypeError);
    }
  }
  const clients = Array.from({ length: 8 }, scrapeOnAndOn);
  await underway.promise;
  assertLess(await timed(server.stop()), 300);
  await Promise.all(clients);
  assertGreater(answered, 29);
});

Deno.test("startServer() gives back what a client held that hangs up in the middle", async () => {
  let renders = 0;
  const whole = pageOf(BIG.repeat(4));
  const server = await start({
    exposition: {
      stream(format, groups) {
        renders += 1;
        return whole.stream(format, groups);
      },
    },
  });
  // ten pages of 11 MB would be beyond the bound, were they kept
  for (let client = 0; client < 10; client++) {
    const connection = await connect(server, get("/metrics"));
    assertGreater(await connection.read(new Uint8Array(1024)) ?? 0, 0);
    connection.close();
  }
  const answer = await fetch(
    `http://127.0.0.1:${server.address.port}/metrics`,
  );
  assertEquals(answer.status, 200);
  await answer.body?.cancel();
  assertEquals(renders, 11);
  await server.stop();
});
