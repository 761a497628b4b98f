/**
 * Owns the tests of ffi/privilege/user.ts. In: lists of users, and files that only some may read. Out: assertions.
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { EACCES, ENOENT, ENOTDIR } from "../../../../ffi/errno.ts";
import { findUser, unreadableBy } from "../../../../ffi/mod.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";
import {
  FakeProcessControl,
  type FakeThread,
} from "../../../fakes/fake_process_control.ts";

const PASSWD = [
  "root:x:0:0:root:/root:/bin/bash",
  "# a comment",
  "+::::::",
  ":x:12:12::/:",
  "half:x:13",
  "wide:x:4294967295:1::/:",
  "1234:x:77:78::/:",
  "agent:x:1000:100:An: agent:/:/bin/false",
  "nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin",
  "",
].join("\n");
const AGENT = { uid: 1000, gid: 100, name: "agent" };

function kernelWith(passwd: string): FakeKernel {
  const kernel = new FakeKernel();
  kernel.files.addFile("/etc/passwd", passwd);
  return kernel;
}

Deno.test("findUser() finds a name, and a number with the group that is listed for it", () => {
  const kernel = kernelWith(PASSWD);
  const nobody = { uid: 65534, gid: 65533, name: "nobody" };
  assertEquals(findUser(kernel, "agent"), AGENT);
  assertEquals(findUser(kernel, "nobody"), nobody);
  assertEquals(findUser(kernel, "65534"), nobody);
  assertEquals(findUser(kernel, "root"), { uid: 0, gid: 0, name: "root" });
  assertEquals(kernel.openFds, 0);
});

Deno.test("findUser() takes a name that looks like a number for a name", () => {
  assertEquals(findUser(kernelWith(PASSWD), "1234"), {
    uid: 77,
    gid: 78,
    name: "1234",
  });
});

Deno.test("findUser() needs no list for a number", () => {
  const user = { uid: 4242, gid: 4242, name: "4242" };
  assertEquals(findUser(kernelWith(PASSWD), "4242"), user);
  assertEquals(findUser(new FakeKernel(), "4242"), user);
});

Deno.test("findUser() refuses what is nobody in one sentence", () => {
  // The largest means "as it is" to setresuid(2): the agent would stay root.
  const refused = ["4294967295", "wide", "half", "", "-1", "# a comment", "+"];
  for (const name of [...refused, "agent:x", "Agent", "a\nb"]) {
    assertEquals(
      findUser(kernelWith(PASSWD), name),
      `Cannot run as another user: expected a name in /etc/passwd or a number from 0 to 4294967294, found ${
        JSON.stringify(name)
      }`,
    );
  }
  assertMatch(
    String(findUser(new FakeKernel(), "agent")),
    /\/etc\/passwd, which cannot be read or a number .*"agent"$/,
  );
});

/** A kernel where each path is readable by one user in one group only, and by who holds CAP_DAC_OVERRIDE. */
function tried(
  thread: FakeThread,
  readers: Record<string, [uid: number, gid: number]>,
): { control: FakeProcessControl; kernel: FakeKernel } {
  const kernel = new FakeKernel();
  const control = new FakeProcessControl(kernel, thread);
  const open = kernel.open.bind(kernel);
  kernel.open = (path) => {
    const reader = readers[path];
    if (!reader) return open(path);
    const mayAll = ((control.sets.effective >> 1n) & 1n) === 1n;
    const isReader = control.fileUid === reader[0] &&
      (control.fileGid === reader[1] ||
        control.supplementary.includes(reader[1]));
    if (!mayAll && !isReader) return -EACCES;
    kernel.files.addFile(path, "");
    return open(path);
  };
  for (const path of Object.keys(readers)) {
    kernel.files.addFile(`${path}/.`, "", { openErrno: ENOTDIR });
  }
  return { control, kernel };
}

Deno.test("unreadableBy() tries as the user, and is the thread that it was afterwards", () => {
  const threads = [{ groups: [0, 5] }, { uid: 7, gid: 7, groups: [0, 5] }];
  for (const thread of threads) {
    const { control, kernel } = tried(thread, {
      "/own": [1000, 100],
      "/root": [0, 0],
      "/group": [1000, 5],
    });
    const before = structuredClone(control.sets);
    const ask = (...paths: string[]) =>
      unreadableBy(control, kernel, AGENT, paths);
    assertEquals(ask("/own", "/gone"), undefined);
    assertEquals(ask("/own", "/root", "/group"), "/root");
    assertEquals(ask("/group"), "/group");
    assertEquals(control.sets, before);
    assertEquals(control.supplementary, thread.groups);
    assertEquals(control.fileUid, control.uid);
    assertEquals(control.fileGid, control.gid);
    assertEquals(kernel.openFds, 0);
  }
});

Deno.test("unreadableBy() finds a directory that may be listed but not entered", () => {
  const kernel = new FakeKernel();
  kernel.files.addDirectory("/cache");
  kernel.files.addFile("/cache/.", "", { openErrno: EACCES });
  const control = new FakeProcessControl(kernel);
  assertEquals(unreadableBy(control, kernel, AGENT, ["/cache"]), "/cache");
});

Deno.test("unreadableBy() does not count what is missing", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile("/a", "", { openErrno: ENOENT });
  const control = new FakeProcessControl(kernel);
  assertEquals(unreadableBy(control, kernel, AGENT, ["/a", "/b"]), undefined);
});

Deno.test("unreadableBy() cannot tell who may not become the user", () => {
  const { control, kernel } = tried({ capabilities: 0n, groups: [5] }, {
    "/root": [0, 0],
  });
  assertEquals(unreadableBy(control, kernel, AGENT, ["/root"]), undefined);
  control.supplementary = [];
  assertEquals(unreadableBy(control, kernel, AGENT, ["/root"]), undefined);
  assertEquals([control.fileUid, control.fileGid], [0, 0]);
});
