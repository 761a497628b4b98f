/** Owns the tests of src/http/privileged_listeners.ts. In: addresses, and a kernel that binds or does not. */
import { assertEquals, assertRejects } from "@std/assert";
import type { ListenAddress } from "../../../../src/config/config.ts";
import { ListenError } from "../../../../src/http/listen_error.ts";
import {
  type BindPorts,
  bindPrivileged,
} from "../../../../src/http/privileged_listeners.ts";
import { FakeClock } from "../../../fakes/fake_clock.ts";

const FIRST_FD = 70;

/** Gives descriptors from 70 on, and makes the files that bind(2) makes. */
function ports(given: Partial<BindPorts> = {}) {
  const bound: ListenAddress[] = [];
  const made = {
    clock: new FakeClock(),
    firstUnprivilegedPort: 1024,
    denoVersion: "2.9.6",
    bound,
    bind(address: ListenAddress) {
      if ("path" in address) Deno.writeTextFileSync(address.path, "");
      return FIRST_FD + bound.push(address) - 1;
    },
    ...given,
  };
  return made;
}

function tcp(host: string, port: number): ListenAddress {
  return { host, port };
}

function folder(): Disposable & { path(name: string): string } {
  const root = Deno.makeTempDirSync({ prefix: "bpfpulse-listeners-" });
  return {
    path: (name) => `${root}/${name}`,
    [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }),
  };
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

Deno.test("bindPrivileged() binds literals and all addresses below the first free port, and nothing else", async () => {
  const addresses = [
    ...[tcp("", 80), tcp("127.0.0.1", 1023), tcp("::1", 443)],
    ...[tcp("127.0.0.1", 1024), tcp("", 9464), tcp("127.0.0.1", 0)],
  ];
  const given = ports();
  const { held, keep } = await bindPrivileged(addresses, given);
  assertEquals(
    held,
    addresses.slice(0, 3).map((address, i) => ({ address, fd: FIRST_FD + i })),
  );
  assertEquals([keep, given.bound.length], [[], 3]);
});

Deno.test("bindPrivileged() keeps the capability for hosts that only a resolver or an interface can tell", async () => {
  const given = ports();
  const { held, keep } = await bindPrivileged([
    tcp("localhost", 80),
    tcp("fe80::1%eth0", 443),
  ], given);
  assertEquals([held, given.bound], [[], []]);
  assertEquals(keep, [
    {
      capability: "CAP_NET_BIND_SERVICE",
      why: "localhost is looked up when port 80 is listened on",
    },
    {
      capability: "CAP_NET_BIND_SERVICE",
      why: "fe80::1%eth0 is looked up when port 443 is listened on",
    },
  ]);
});

Deno.test("bindPrivileged() leaves everything to a runtime that cannot listen on descriptors", async () => {
  using files = folder();
  for (const denoVersion of ["2.4.2", "2.8.9", "1.46.3"]) {
    const given = ports({ denoVersion });
    const { held, keep } = await bindPrivileged([
      { path: files.path("a") },
      tcp("127.0.0.1", 80),
    ], given);
    assertEquals([held, given.bound], [[], []]);
    assertEquals(keep, [{
      capability: "CAP_NET_BIND_SERVICE",
      why: "this runtime listens on port 80 itself",
    }]);
  }
  const newer = ports({ denoVersion: "3.0.0" });
  await bindPrivileged([tcp("", 80)], newer);
  assertEquals(newer.bound.length, 1);
});

Deno.test("bindPrivileged() lets owner and group alone use a unix socket, and gives it to who listens later", async () => {
  using files = folder();
  const path = files.path("a");
  const uid = Deno.uid() ?? 0;
  // Only root may give a file away; anybody may keep it.
  const owner = uid === 0 ? { uid: 65534, gid: 65533 } : {
    uid,
    gid: Deno.gid() ?? 0,
  };
  const { held } = await bindPrivileged([{ path }], ports({ owner }));
  assertEquals(held, [{ address: { path }, fd: FIRST_FD }]);
  const found = await Deno.stat(path);
  assertEquals((found.mode ?? 0) & 0o777, 0o660);
  assertEquals([found.uid, found.gid], [owner.uid, owner.gid]);
});

Deno.test("bindPrivileged() leaves a file alone that is no socket", async () => {
  using files = folder();
  const path = files.path("a");
  await Deno.writeTextFile(path, "somebody's");
  const given = ports();
  await assertRejects(
    () => bindPrivileged([{ path }], given),
    ListenError,
    "something that is not a socket is there",
  );
  assertEquals(await Deno.readTextFile(path), "somebody's");
  assertEquals(given.bound, []);
});

Deno.test("bindPrivileged() removes the sockets that it made where a later address fails", async () => {
  using files = folder();
  const path = files.path("a");
  const given = ports();
  const refusing = ports({
    bind: (address) =>
      "path" in address ? given.bind(address, 1) : "EADDRINUSE",
  });
  const error = await assertRejects(
    () => bindPrivileged([{ path }, tcp("127.0.0.1", 80)], refusing),
    ListenError,
  );
  assertEquals(
    error.message,
    "Cannot listen on 127.0.0.1:80: the port is in use; choose another one with --listen",
  );
  assertEquals(exists(path), false);
});

Deno.test("abandon() removes the sockets, and does not mind that one is gone", async () => {
  using files = folder();
  const paths = [files.path("a"), files.path("b")];
  const { abandon } = await bindPrivileged(
    paths.map((path) => ({ path })),
    ports(),
  );
  await Deno.remove(paths[0]);
  await abandon();
  assertEquals(paths.map(exists), [false, false]);
});
