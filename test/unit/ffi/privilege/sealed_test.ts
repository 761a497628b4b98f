/**
 * Owns the tests of ffi/privilege/sealed.ts. In: descriptors of a fake process. Out: assertions on text and refusals.
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { E2BIG, EINVAL, ENOSPC, EPERM } from "../../../../ffi/errno.ts";
import { seal, unseal } from "../../../../ffi/mod.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";
import { FakeProcessControl } from "../../../fakes/fake_process_control.ts";

const ALL_SEALS = 15;

function fakes(): { kernel: FakeKernel; control: FakeProcessControl } {
  const kernel = new FakeKernel();
  return { kernel, control: new FakeProcessControl(kernel) };
}

Deno.test("unseal() answers what seal() was given, once", () => {
  // More than one write(2) takes, a character cut by the end of one, and a mark that decoders like to swallow.
  for (const text of ["", "\ufeffä", `${"x".repeat(65_535)}äö`]) {
    const { kernel, control } = fakes();
    const fd = seal(control, text);
    assertEquals(control.seals.get(fd), ALL_SEALS);
    assertEquals(control.closeOnExec.has(fd), false);
    assertEquals(unseal(control, kernel, String(fd)), { text });
    assertEquals(kernel.openFds, 0);
    assertEquals(typeof unseal(control, kernel, String(fd)), "string");
  }
});

Deno.test("seal() does without what a kernel before 6.3 lacks", () => {
  const { kernel, control } = fakes();
  control.fail("memfd_create 10", EINVAL);
  const fd = seal(control, "text");
  assertEquals(unseal(control, kernel, String(fd)), { text: "text" });
});

Deno.test("seal() leaves nothing open that it could not write or seal", () => {
  for (const [call, errno] of [["write", ENOSPC], ["fcntl", EPERM]] as const) {
    const { kernel, control } = fakes();
    control.fail(call === "fcntl" ? "fcntl 1033" : call, errno);
    assertEquals(seal(control, "text"), -errno);
    assertEquals(kernel.openFds, 0);
  }
  const { control } = fakes();
  control.fail("memfd_create", EPERM);
  assertEquals(seal(control, "text"), -EPERM);
});

Deno.test("seal() and unseal() refuse more than 16 MiB", () => {
  const { kernel, control } = fakes();
  const tooMuch = 16 * 1024 * 1024 + 1;
  assertEquals(seal(control, "x".repeat(tooMuch)), -E2BIG);
  const fd = kernel.fds.open({
    kind: "file",
    bytes: new Uint8Array(tooMuch),
    at: 0,
    readErrno: 0,
  });
  control.seals.set(fd, ALL_SEALS);
  assertMatch(
    String(unseal(control, kernel, String(fd))),
    /holds 16777217 bytes, more than 16 MiB$/,
  );
  assertEquals(kernel.openFds, 0);
});

Deno.test("unseal() refuses what is no number", () => {
  const { kernel, control } = fakes();
  const garbage = ["", " 3", "3 ", "-1", "+3", "03", "3.0", "0x3", "1e1", "٣"];
  for (const fd of [...garbage, "4294967299", "3\n", "\u0000"]) {
    assertEquals(
      unseal(control, kernel, fd),
      `Cannot take over what an earlier life left: expected the descriptor of a sealed memfd, found ${
        JSON.stringify(fd)
      }`,
    );
  }
  assertEquals(control.calls, []);
});

Deno.test("unseal() leaves open what is somebody else's", () => {
  const { kernel, control } = fakes();
  kernel.files.addFile("/etc/passwd", "root:x:0:0::/:");
  const file = kernel.open("/etc/passwd");
  assertMatch(
    String(unseal(control, kernel, String(file))),
    /, descriptor 3 is none \(EINVAL\)$/,
  );
  const memfd = control.createMemfd("other", 2);
  for (const seals of [0, 1, 7, 14]) {
    control.seals.set(memfd, seals);
    assertMatch(
      String(unseal(control, kernel, String(memfd))),
      /, descriptor 4 can still be changed$/,
    );
  }
  assertMatch(
    String(unseal(control, kernel, "99")),
    /, descriptor 99 is none \(EBADF\)$/,
  );
  assertEquals(kernel.openFds, 2);
});

Deno.test("unseal() refuses bytes that are no text, and a read that fails", () => {
  for (const [bytes, readErrno] of [[[0xc3], 0], [[0x61], 5]] as const) {
    const { kernel, control } = fakes();
    const fd = kernel.fds.open({
      kind: "file",
      bytes: new Uint8Array(bytes),
      at: 1,
      readErrno,
    });
    control.seals.set(fd, ALL_SEALS);
    if (readErrno) control.fail("lseek", readErrno);
    assertMatch(
      String(unseal(control, kernel, String(fd))),
      readErrno
        ? /descriptor 3 cannot be read$/
        : /descriptor 3 holds no text$/,
    );
    assertEquals(kernel.openFds, 0);
  }
});
