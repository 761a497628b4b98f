/** Owns the tests of ffi/read_link.ts, on real paths of this process. @module */
import { assertEquals } from "@std/assert";
import { ENOENT, openReadLink } from "../../../ffi/mod.ts";

Deno.test("openReadLink() tells where a link of /proc leads, and why it cannot", () => {
  const readLink = openReadLink();
  const target = readLink("/proc/self/exe");
  assertEquals(
    typeof target === "number" ? target : new TextDecoder().decode(target),
    Deno.execPath(),
  );
  assertEquals(readLink("/proc/self/nothing of that name"), -ENOENT);
});
