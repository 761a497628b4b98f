/**
 * Owns the tests of src/config/listen.ts. In: texts. Out: verdicts.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { formatListen, listenAddress } from "../../../../src/config/listen.ts";

const ACCEPTED: readonly [text: string, host: string, port: number][] = [
  ["127.0.0.1:9464", "127.0.0.1", 9464],
  ["localhost:80", "localhost", 80],
  ["node-1.example.com.:65535", "node-1.example.com.", 65535],
  ["[::1]:9464", "::1", 9464],
  ["[fe80::1%eth0]:9464", "fe80::1%eth0", 9464],
  ["[::]:0", "::", 0],
  [":9464", "", 9464],
];

for (const [text, host, port] of ACCEPTED) {
  Deno.test(`listenAddress reads ${text} and formatListen() writes it again`, () => {
    assertEquals(listenAddress.parse(text), {
      ok: true,
      value: { host, port },
    });
    assertEquals(formatListen({ host, port }), text);
  });
}

for (
  const text of [
    "",
    ":",
    "9464",
    "127.0.0.1",
    "127.0.0.1:",
    ":65536",
    ":99999",
    ":-1",
    ":1e3",
    ":100000",
    "::1:9464",
    "::1",
    "[]:80",
    "[127.0.0.1]:80",
    "[::1]",
    "[::1:80",
    "[::g]:80",
    "256.1.1.1:80",
    "1.2.3:80",
    "a b:80",
    "http://a:80",
    "-a:80",
    "a/b:80",
    "a\n:80",
    ":80\n",
    "unix:",
    "unix:run/x",
    "unix:/run/",
    "unix:/a\0b",
    "unix:/" + "x".repeat(107),
    "unix:/" + "ä".repeat(54),
    "ä:80",
  ]
) {
  Deno.test(`listenAddress refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
    assert(!listenAddress.parse(text).ok);
  });
}

for (const path of ["/run/x", "/a b,c:d", "/" + "x".repeat(106)]) {
  Deno.test(`listenAddress reads unix:${path.slice(0, 12)} and formatListen() writes it again`, () => {
    assertEquals(listenAddress.parse(`unix:${path}`), {
      ok: true,
      value: { path },
    });
    assertEquals(formatListen({ path }), `unix:${path}`);
  });
}

Deno.test("formatListen() writes any address so that it is read as the same one", () => {
  const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.constant(""));
  fc.assert(
    fc.property(host, fc.nat({ max: 65535 }), (host, port) => {
      assertEquals(listenAddress.parse(formatListen({ host, port })), {
        ok: true,
        value: { host, port },
      });
    }),
  );
});
