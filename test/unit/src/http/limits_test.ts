/** Owns the tests of src/http/limits.ts. @module */
import { assertEquals } from "@std/assert";
import { connectionsWithin, HTTP_LIMITS } from "../../../../src/http/limits.ts";

Deno.test("connectionsWithin() leaves room for other files and for a burst of refused connections", () => {
  assertEquals(connectionsWithin(1024), 1024 - 128 - HTTP_LIMITS.backlog);
});

Deno.test("connectionsWithin() is neither above the limit of connections nor too few to be of use", () => {
  assertEquals(connectionsWithin(1_048_576), HTTP_LIMITS.maxConnections);
  assertEquals(connectionsWithin(64), 16);
});
