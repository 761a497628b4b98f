/**
 * Owns the proof that the agent listens where it is told to: on several addresses, on unix sockets, with TLS. In: startServers().
 * Out: tests of all or none, of socket files, of certificates and of warnings.
 * @module
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { ListenAddress } from "../../src/config/config.ts";
import { ListenError } from "../../src/http/listen_error.ts";
import {
  type HttpServers,
  type ServersOptions,
  startServers,
} from "../../src/http/listeners.ts";
import { TlsError } from "../../src/http/tls.ts";
import { skip } from "../kernel/skip.ts";
import { bytes, RecordedLog } from "../unit/src/http/fake_node.ts";
import { makeTls, whyNoOpenssl } from "../tls_files.ts";
import { appWith, get, readToEnd, realClock, timed } from "./http_peers.ts";

const LOOPBACK = { host: "127.0.0.1", port: 0 };

function startAt(
  addresses: readonly ListenAddress[],
  changes: Partial<ServersOptions> = {},
): Promise<HttpServers> {
  return startServers({
    app: appWith(),
    addresses,
    tokenNeeded: false,
    clock: realClock,
    log: new RecordedLog(),
    ...changes,
  });
}

function portOf(address: ListenAddress | undefined): number {
  assert(address !== undefined && "port" in address);
  return address.port;
}

async function inFolder(
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function ask(connection: Deno.Conn): Promise<string> {
  await connection.write(bytes(get("/healthz", "Connection: close")));
  return await readToEnd(connection);
}

function askPath(path: string): Promise<string> {
  return Deno.connect({ transport: "unix", path }).then(ask);
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A socket file whose owner has ended without removing it. */
async function leaveSocket(path: string): Promise<void> {
  const script =
    `import { createServer } from "node:net"; createServer().listen(Deno.args[0], () => Deno.kill(Deno.pid, "SIGKILL"));`;
  await new Deno.Command(Deno.execPath(), {
    args: ["eval", script, path],
    stderr: "null",
  }).output();
  assert((await Deno.lstat(path)).isSocket);
}

Deno.test("startServers() listens on IPv4, IPv6 and a unix socket at once, and stop() ends all", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/http.sock`;
    const servers = await startAt([
      LOOPBACK,
      { host: "::1", port: 0 },
      { path },
    ]);
    const [ipv4, ipv6, unix] = servers.addresses;
    for (const [hostname, address] of [["127.0.0.1", ipv4], ["::1", ipv6]]) {
      const port = portOf(address as ListenAddress);
      const answer = await ask(
        await Deno.connect({ hostname: String(hostname), port }),
      );
      assertStringIncludes(answer, "200 OK");
    }
    assertEquals(unix, { path });
    const { mode } = await Deno.lstat(path);
    assertEquals((mode ?? 0) & 0o777, 0o660);
    assertStringIncludes(await askPath(path), "200 OK");
    const silent = await Deno.connect({ transport: "unix", path });
    assertLess(await timed(servers.stop()), 300);
    assertEquals(await readToEnd(silent), "");
    assert(!exists(path));
    await assertRejects(() => Deno.connect({ port: portOf(ipv4) }));
  });
});

Deno.test("startServers() closes what listens already when one address fails, and says which", async () => {
  await inFolder(async (folder) => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    const other = free.addr.port;
    free.close();
    const path = `${folder}/http.sock`;
    const error = await assertRejects(
      () =>
        startAt([
          { host: "127.0.0.1", port: other },
          { path },
          { host: "127.0.0.1", port },
        ]),
      ListenError,
    );
    assertEquals(
      error.message,
      `Cannot listen on 127.0.0.1:${port}: the port is in use; choose another one with --listen`,
    );
    assert(!exists(path));
    await assertRejects(() => Deno.connect({ port: other }));
  });
});

Deno.test("startServers() takes the place of a socket that nobody answers on", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/http.sock`;
    await leaveSocket(path);
    const servers = await startAt([{ path }]);
    assertStringIncludes(await askPath(path), "200 OK");
    await servers.stop();
    assert(!exists(path));
  });
});

Deno.test("startServers() leaves alone a socket that somebody answers on", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/http.sock`;
    const first = await startAt([{ path }]);
    const error = await assertRejects(() => startAt([{ path }]), ListenError);
    assertEquals(
      error.message,
      `Cannot listen on unix:${path}: another process answers there; choose another path with --listen`,
    );
    assertStringIncludes(await askPath(path), "200 OK");
    await first.stop();
  });
});

Deno.test("startServers() never removes what is not a socket, and says in one sentence why a path cannot be", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/precious`;
    await Deno.writeTextFile(file, "precious");
    const link = `${folder}/link`;
    await Deno.symlink(file, link);
    const long = `${folder}/${"a".repeat(120)}`;
    const table: Record<string, string> = {
      [file]:
        "something that is not a socket is there; remove it or choose another path with --listen",
      [link]:
        "something that is not a socket is there; remove it or choose another path with --listen",
      [folder]:
        "something that is not a socket is there; remove it or choose another path with --listen",
      [`${folder}/none/http.sock`]: "its folder does not exist",
      [long]: "the path is longer than the 107 bytes that a socket may have",
    };
    for (const [path, reason] of Object.entries(table)) {
      const error = await assertRejects(() => startAt([{ path }]), ListenError);
      assertEquals(
        error.message,
        `Cannot listen on unix:${path}: ${reason}`,
      );
    }
    assertEquals(await Deno.readTextFile(link), "precious");
  });
});

Deno.test("startServers() warns once of each address beyond this machine, unless a token is needed", async () => {
  const log = new RecordedLog();
  const addresses = [
    LOOPBACK,
    { host: "localhost", port: 0 },
    { host: "", port: 0 },
    { host: "0.0.0.0", port: 0 },
  ];
  const open = await startAt(addresses, { log });
  assertEquals(log.lines.length, 2);
  const port = portOf(open.addresses[2]);
  assertEquals(
    log.lines[0],
    `Whoever reaches :${port} can read everything: set --auth-token-file, or --tls-cert and --tls-key, or listen on 127.0.0.1`,
  );
  await open.stop();
  const closed = await startAt(addresses, { log, tokenNeeded: true });
  assertEquals(log.lines.length, 2);
  await closed.stop();
});

const missing = whyNoOpenssl();
function tlsTest(name: string, run: () => Promise<void>): void {
  if (missing !== undefined) skip(name, missing);
  Deno.test({ name, ignore: missing !== undefined, fn: run });
}

async function certificateAt(port: number, cert: string): Promise<string> {
  const client = Deno.createHttpClient({ caCerts: [cert] });
  try {
    const answer = await fetch(`https://127.0.0.1:${port}/healthz`, { client });
    return await answer.text();
  } finally {
    client.close();
  }
}

tlsTest(
  "startServers() serves HTTPS on ports, plain HTTP on unix sockets, and renews the certificate",
  async () => {
    const [before, after] = [makeTls(), makeTls()];
    const log = new RecordedLog();
    await inFolder(async (folder) => {
      const path = `${folder}/http.sock`;
      const servers = await startAt([LOOPBACK, { host: "0.0.0.0", port: 0 }, {
        path,
      }], { tls: before, log });
      const port = portOf(servers.addresses[0]);
      assertEquals(await certificateAt(port, before.cert), "ok\n");
      assertStringIncludes(await askPath(path), "200 OK");
      servers.renewTls(after);
      assertEquals(await certificateAt(port, after.cert), "ok\n");
      await assertRejects(() => certificateAt(port, before.cert));
      assertEquals(log.lines, []);
      servers.renewTls({ cert: before.cert, key: after.key });
      assertEquals(log.lines, [
        "Cannot use the TLS key: it does not belong to the certificate; the certificate and key from before stay in use",
      ]);
      assertEquals(await certificateAt(port, after.cert), "ok\n");
      await servers.stop();
    });
  },
);

tlsTest(
  "startServers() says in one sentence that a key does not belong to its certificate, and listens nowhere",
  async () => {
    const error = await assertRejects(
      () => startAt([LOOPBACK], { tls: { ...makeTls(), key: makeTls().key } }),
      TlsError,
    );
    assertEquals(
      error.message,
      "Cannot use the TLS key: it does not belong to the certificate",
    );
  },
);

tlsTest(
  "startServers() closes whoever does not finish the handshake or the header, and stops in spite of them",
  async () => {
    const tls = makeTls();
    const servers = await startAt([LOOPBACK], {
      tls,
      limits: { headersTimeoutMs: 150, checkEveryMs: 50 },
    });
    const port = portOf(servers.addresses[0]);
    const silent = await Deno.connect({ port });
    const plain = await Deno.connect({ port });
    await plain.write(bytes(get("/healthz")));
    await Promise.all([readToEnd(silent), readToEnd(plain)]);
    const half = await Deno.connectTls({
      hostname: "127.0.0.1",
      port,
      caCerts: [tls.cert],
    });
    await half.write(bytes("GET /metrics HTTP/1.1\r\nHo"));
    assertStringIncludes(await readToEnd(half), "408 Request Timeout");
    await servers.stop();

    const next = await startAt([LOOPBACK], { tls });
    const nextPort = portOf(next.addresses[0]);
    const unshaken = await Deno.connect({ port: nextPort });
    const idle = await Deno.connectTls({
      hostname: "127.0.0.1",
      port: nextPort,
      caCerts: [tls.cert],
    });
    await idle.write(bytes(get("/healthz")));
    assertGreater(await idle.read(new Uint8Array(4096)) ?? 0, 0);
    assertLess(await timed(next.stop()), 300);
    await Promise.all([readToEnd(unshaken), readToEnd(idle)]);
  },
);

tlsTest(
  "startServers() makes room under HTTPS by what is silent, never by what waits for its answer",
  async () => {
    const tls = makeTls();
    const never = new Promise<Response>(() => {});
    const app = appWith();
    const asked = Promise.withResolvers<void>();
    app.get("/never", () => {
      asked.resolve();
      return never;
    });
    const servers = await startAt([LOOPBACK], {
      app,
      tls,
      limits: { maxConnections: 2 },
    });
    const port = portOf(servers.addresses[0]);
    const settings = { hostname: "127.0.0.1", port, caCerts: [tls.cert] };
    const waiting = await Deno.connectTls(settings);
    await waiting.write(bytes(get("/never")));
    await asked.promise;
    const idle = await Deno.connectTls(settings);
    await idle.write(bytes(get("/healthz")));
    assertGreater(await idle.read(new Uint8Array(4096)) ?? 0, 0);
    assertStringIncludes(await ask(await Deno.connectTls(settings)), "200 OK");
    assertEquals(await readToEnd(idle), "");
    const end = readToEnd(waiting);
    await servers.stop();
    assertEquals(await end, "");
  },
);
