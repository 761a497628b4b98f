import { assertEquals } from "@std/assert";
import fc from "fast-check";
import * as net from "node:net";
import { isIPv4, isIPv6 } from "../../../../src/config/ip.ts";

const TEXTS = [
  ...["", "0.0.0.0", "127.0.0.1", "255.255.255.255", "256.0.0.1", "01.2.3.4"],
  ...["1.2.3", "1.2.3.4.5", "1.2.3.4 ", "1.2.3.", "1.2.3.4\n", "0x1.2.3.4"],
  ...["::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "1::2::3"],
  ...["1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", ":::", ":1", "00001::", "::g"],
  ...["::1.2.3.4", "::ffff:1.2.3.4", "::01.2.3.4", "1.2.3.4::", "::1.2.3"],
  ...["fe80::1%eth0", "fe80::1%", "%eth0", "fe80::1%eth_0", "FE80::A", "[::1]"],
  ...["::1]", "::1]@x[", "::1\n", " ::1", "::1/", "\t::1"],
];

Deno.test("isIPv4() and isIPv6() tell what node:net tells", () => {
  for (const text of TEXTS) {
    assertEquals(isIPv4(text), net.isIPv4(text), `IPv4 ${text}`);
    assertEquals(isIPv6(text), net.isIPv6(text), `IPv6 ${text}`);
  }
  const pieces = fc.constantFrom(
    "0",
    "1",
    "25",
    "255",
    "256",
    "ff",
    ":",
    "::",
    ".",
    "%",
    "a",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 16 }), (parts) => {
      const text = parts.join("");
      assertEquals(isIPv4(text), net.isIPv4(text), text);
      assertEquals(isIPv6(text), net.isIPv6(text), text);
    }),
    { numRuns: 2000 },
  );
});
