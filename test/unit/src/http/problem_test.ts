/** Owns the tests of src/http/problem.ts. @module */
import { assertEquals } from "@std/assert";
import { problem } from "../../../../src/http/problem.ts";

Deno.test("problem() is of type problem+json with title, status and detail", async () => {
  const answer = problem(405, "Cannot PUT", { allow: "GET" });
  assertEquals(answer.status, 405);
  assertEquals(answer.headers.get("allow"), "GET");
  assertEquals(
    answer.headers.get("content-type"),
    "application/problem+json; charset=utf-8",
  );
  assertEquals(await answer.json(), {
    type: "about:blank",
    title: "Method Not Allowed",
    status: 405,
    detail: "Cannot PUT",
  });
});
