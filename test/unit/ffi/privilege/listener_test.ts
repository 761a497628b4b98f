/**
 * Owns the tests of ffi/privilege/listener.ts. In: addresses. Out: assertions on the calls and the bytes that the kernel gets.
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  EACCES,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EINVAL,
  ENAMETOOLONG,
} from "../../../../ffi/errno.ts";
import { bindTcp, bindUnix } from "../../../../ffi/mod.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";
import { FakeProcessControl } from "../../../fakes/fake_process_control.ts";

const CLOEXEC_NONBLOCK_STREAM = 0o2004001;

function fake(): FakeProcessControl {
  return new FakeProcessControl(new FakeKernel());
}

/** The `struct sockaddr` that bindTcp() makes for a host, in hexadecimal. */
function addressFor(host: string): string | undefined {
  const control = fake();
  bindTcp(control, host, 0x24f8, 5);
  return control.calls.find((call) => call.startsWith("bind "))?.slice(5);
}

Deno.test("bindTcp() listens at an IPv4 address", () => {
  const control = fake();
  const fd = bindTcp(control, "127.0.0.1", 80, 511);
  assertEquals(control.sockets.get(fd), [
    `socket 2 ${CLOEXEC_NONBLOCK_STREAM}`,
    "setsockopt 1 2 1",
    "bind 020000507f0000010000000000000000",
    "listen 511",
  ]);
});

Deno.test("bindTcp() listens at every address of both kinds where none is given", () => {
  const control = fake();
  const fd = bindTcp(control, "", 9464, 511);
  assertEquals(control.sockets.get(fd), [
    `socket 10 ${CLOEXEC_NONBLOCK_STREAM}`,
    "setsockopt 1 2 1",
    "setsockopt 41 26 0",
    `bind 0a0024f8${"0".repeat(48)}`,
    "listen 511",
  ]);
});

Deno.test("bindTcp() does with IPv4 where there is no other", () => {
  const failures = [
    ["socket 10", EAFNOSUPPORT],
    [
      "bind 0a0024f8000000000000000000000000000000000000000000000000",
      EADDRNOTAVAIL,
    ],
  ] as const;
  for (const [call, errno] of failures) {
    const control = fake();
    control.fail(call, errno);
    const fd = bindTcp(control, "", 9464, 5);
    assertEquals(
      control.sockets.get(fd)?.[2],
      `bind 020024f8${"0".repeat(24)}`,
    );
    assertEquals(control.sockets.size, 1);
  }
});

Deno.test("bindTcp() reads IPv6 in each of its forms", () => {
  const forms = {
    "::": "00000000000000000000000000000000",
    "::1": "00000000000000000000000000000001",
    "fe80::": "fe800000000000000000000000000000",
    "2001:DB8::8:0800": "20010db8000000000000000000080800",
    "1:2:3:4:5:6:7:8": "00010002000300040005000600070008",
    "1:0:0:4:5:6:7:8": "00010000000000040005000600070008",
    "::ffff:192.0.2.1": "00000000000000000000ffffc0000201",
  };
  for (const [host, bytes] of Object.entries(forms)) {
    assertEquals(addressFor(host), `0a0024f800000000${bytes}00000000`, host);
  }
});

Deno.test("bindTcp() takes literals only", () => {
  const names = ["localhost", "127.1", "0x7f.0.0.1", "1.2.3.256", "01.2.3.4"];
  const broken = ["1.2.3", "[::1]", ":", ":::", "1::2::3", "fe80::1%lo", "::g"];
  for (const host of [...names, ...broken, "1:2:3:4:5:6:7:8:9", "::/", " ::"]) {
    const control = fake();
    assertEquals(bindTcp(control, host, 80, 5), -EINVAL, host);
    assertEquals(control.calls, []);
  }
});

Deno.test("bindTcp() leaves no socket behind when it fails", () => {
  for (const call of ["setsockopt", "bind", "listen"]) {
    const control = fake();
    const start = call === "bind" ? "bind 020000507f00000100000000" : call;
    control.fail(call === "bind" ? `${start}00000000` : start, EACCES);
    assertEquals(bindTcp(control, "127.0.0.1", 80, 5), -EACCES);
    assertEquals(control.sockets.size, 0);
  }
});

Deno.test("bindUnix() listens at a path of up to 107 bytes", () => {
  const control = fake();
  const fd = bindUnix(control, "/run/ä", 9);
  assertEquals(control.sockets.get(fd), [
    `socket 1 ${CLOEXEC_NONBLOCK_STREAM}`,
    "bind 01002f72756e2fc3a400",
    "listen 9",
  ]);
  assertEquals(bindUnix(control, "x".repeat(107), 9) > 0, true);
  assertEquals(bindUnix(control, "x".repeat(108), 9), -ENAMETOOLONG);
  assertEquals(bindUnix(control, "", 9), -EINVAL);
  assertEquals(bindUnix(control, "/a\0b", 9), -EINVAL);
});
