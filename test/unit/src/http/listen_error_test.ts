/** Owns the tests of src/http/listen_error.ts. @module */
import { assertEquals } from "@std/assert";
import {
  formatAddress,
  listenError,
} from "../../../../src/http/listen_error.ts";

function failed(code: string): Error {
  return Object.assign(new Error(`listen ${code}: something`), { code });
}

Deno.test("listenError() says in one sentence what is wrong", () => {
  const address = { host: "127.0.0.1", port: 80 };
  const sentences: Record<string, string> = {
    EADDRINUSE: "the port is in use; choose another one with --listen",
    EACCES:
      "no permission; ports below 1024 need root or CAP_NET_BIND_SERVICE, or choose another one with --listen",
    EADDRNOTAVAIL: "this machine does not have that address",
    EWHATEVER: "listen EWHATEVER: something",
  };
  for (const [code, sentence] of Object.entries(sentences)) {
    const error = listenError(address, failed(code));
    assertEquals(error.message, `Cannot listen on 127.0.0.1:80: ${sentence}`);
    assertEquals(error.code, code);
  }
  assertEquals(listenError(address, new Error("odd")).code, undefined);
});

Deno.test("formatAddress() puts IPv6 into brackets and leaves out the host that means all", () => {
  assertEquals(formatAddress({ host: "::1", port: 1 }), "[::1]:1");
  assertEquals(formatAddress({ host: "", port: 9464 }), ":9464");
});
