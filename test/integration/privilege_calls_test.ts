/** ProcessControl on the real kernel, one call after the other, in the process of the tests, which is the same afterwards. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createServer } from "node:http";
import {
  bindTcp,
  bindUnix,
  duplicate,
  errnoName,
  findUser,
  openLibc,
  openProcessControl,
  readText,
  seal,
  setCloseOnExec,
  unreadableBy,
  unseal,
} from "../../ffi/mod.ts";
import { kernelTest, skip } from "../kernel/skip.ts";

const control = openProcessControl();
const kernel = openLibc();
const F_GETFD = 1;
const NOBODY = { uid: 65534, gid: 65534, name: "nobody" };

function folder(): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ prefix: "bpfpulse-privilege-" });
  Deno.chmodSync(path, 0o755);
  return {
    path,
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

Deno.test("unseal() reads a sealed memfd from its begin, and closes it", () => {
  const text = "ä".repeat(300_000);
  const fd = seal(control, text);
  assertEquals(control.fcntl(fd, F_GETFD, 0), 0);
  assertEquals(errnoName(-control.write(fd, new Uint8Array(1))), "EPERM");
  const copy = duplicate(control, fd);
  assertEquals(control.fcntl(copy, F_GETFD, 0), 1);
  assertEquals(unseal(control, kernel, String(fd)), { text });
  assertEquals(unseal(control, kernel, String(copy)), { text });
  for (const closed of [fd, copy]) {
    assertMatch(
      String(unseal(control, kernel, String(closed))),
      /is none \(EBADF\)$/,
    );
  }
});

Deno.test("unseal() refuses every other kind of descriptor, and leaves it open", () => {
  using place = folder();
  Deno.writeTextFileSync(`${place.path}/file`, "text");
  const others = [
    kernel.open(`${place.path}/file`),
    kernel.open("/dev/null"),
    kernel.open("/proc/self/status"),
    // A file in memory too; what nobody sealed has one seal at most.
    control.createMemfd("other", 0),
    control.createMemfd("other", 2),
    bindTcp(control, "127.0.0.1", 0, 1),
  ];
  for (const fd of others) {
    assert(fd > 2);
    assertMatch(
      String(unseal(control, kernel, String(fd))),
      /is none \(EINVAL\)$|can still be changed$/,
    );
    assertEquals(control.close(fd), 0);
  }
});

Deno.test("setCloseOnExec() is what the kernel answers", () => {
  const fd = kernel.open("/dev/null");
  for (const on of [false, true, false]) {
    assertEquals(setCloseOnExec(control, fd, on), 0);
    assertEquals(control.fcntl(fd, F_GETFD, 0), on ? 1 : 0);
  }
  kernel.close(fd);
});

Deno.test("findUser() finds root in this machine's list", () => {
  assertEquals(findUser(kernel, "root"), { uid: 0, gid: 0, name: "root" });
});

kernelTest(
  "unreadableBy() tries as the user, and changes this thread no more",
  () => {
    using place = folder();
    const { path } = place;
    for (const mode of [0o600, 0o640, 0o604, 0o644]) {
      const file = `${path}/${mode.toString(8)}`;
      Deno.writeTextFileSync(file, "text");
      Deno.chmodSync(file, mode);
    }
    for (const mode of [0o700, 0o704, 0o705]) {
      Deno.mkdirSync(`${path}/${mode.toString(8)}`);
      Deno.chmodSync(`${path}/${mode.toString(8)}`, mode);
      Deno.writeTextFileSync(`${path}/${mode.toString(8)}/file`, "text");
    }
    // The group reads it, but the user is not in it any more.
    Deno.chownSync(`${path}/640`, 0, 4321);
    const before = readText(kernel, "/proc/thread-self/status")
      ?.match(/^(Uid|Gid|Groups|Cap|NoNew).*$/gm);
    const own = control.groups();
    assert(typeof own !== "number");
    assertEquals(control.setGroups([4321, 9]), 0);
    const reads = (name: string) =>
      unreadableBy(control, kernel, NOBODY, [`${path}/${name}`]) === undefined;
    const found = ["600", "640", "604", "644", "700", "704", "705", "none"]
      .filter(reads);
    const inside = ["700/file", "704/file", "705/file"].filter(reads);
    assertEquals(control.groups(), [9, 4321]);
    assertEquals(control.setGroups(own), 0);
    assertEquals(found, ["604", "644", "705", "none"]);
    assertEquals(inside, ["705/file"]);
    assertEquals(
      readText(kernel, "/proc/thread-self/status")
        ?.match(/^(Uid|Gid|Groups|Cap|NoNew).*$/gm),
      before,
    );
  },
);

function freePort(): number {
  using listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  return listener.addr.port;
}

async function answerOf(fd: number, urls: readonly string[]) {
  const server = createServer((_, response) => response.end("here"));
  await new Promise<void>((resolve) => server.listen({ fd }, resolve));
  const answers: string[] = [];
  try {
    for (const url of urls) {
      const response = await fetch(url, { headers: { connection: "close" } });
      answers.push(await response.text());
    }
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
  return answers;
}

Deno.test("bindTcp() gives a socket that node:http listens on, of both kinds where no host is given", async () => {
  const port = freePort();
  const fd = bindTcp(control, "", port, 16);
  assert(fd > 2, errnoName(-fd));
  assertEquals(control.fcntl(fd, F_GETFD, 0), 1);
  assertEquals(
    errnoName(-bindTcp(control, "127.0.0.1", port, 16)),
    "EADDRINUSE",
  );
  const urls = ["127.0.0.1", "[::1]"].map((host) => `http://${host}:${port}/`);
  assertEquals(await answerOf(fd, urls), ["here", "here"]);
});

Deno.test("bindTcp() says what the kernel says", () => {
  // TEST-NET-1: no machine has it.
  assertEquals(
    errnoName(-bindTcp(control, "192.0.2.1", 0, 1)),
    "EADDRNOTAVAIL",
  );
  if (!readText(kernel, "/proc/net/if_inet6")?.includes(" lo")) {
    return skip("bindTcp() of IPv6", "this machine has no ::1");
  }
  const fd = bindTcp(control, "::1", 0, 1);
  assert(fd > 2, errnoName(-fd));
  control.close(fd);
});

Deno.test("bindUnix() makes a socket once", () => {
  using place = folder();
  const path = `${place.path}/ä.sock`;
  const fd = bindUnix(control, path, 16);
  assert(fd > 2, errnoName(-fd));
  assert(Deno.lstatSync(path).isSocket);
  assertEquals(errnoName(-bindUnix(control, path, 16)), "EADDRINUSE");
  control.close(fd);
});
