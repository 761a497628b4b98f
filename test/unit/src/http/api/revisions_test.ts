/** Owns the tests of src/http/api/revisions.ts. @module */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { isFresh } from "../../../../../src/http/api/revisions.ts";
import { A_SNAPSHOT, apiNode, sampledAgain } from "./api_node.ts";

Deno.test("isFresh() compares weakly, in a list, and takes * for anything", () => {
  const asked = (header: string) => new Headers({ "if-none-match": header });
  assertEquals(isFresh(asked('"a"'), 'W/"a"'), true);
  assertEquals(isFresh(asked('"b", W/"a"'), '"a"'), true);
  assertEquals(isFresh(asked("*"), '"a"'), true);
  assertEquals(isFresh(asked('"b"'), '"a"'), false);
  assertEquals(isFresh(new Headers(), '"a"'), false);
});

Deno.test("apiRoutes() gives a tag that stands until the next sample, and 304 to who has it", async () => {
  for (const path of ["snapshot", "objects/map", "objects/program/2"]) {
    const node = apiNode();
    const first = await node.app.request(`/api/v1/${path}`);
    const tag = first.headers.get("etag");
    assert(tag !== null);
    assertEquals(first.headers.get("cache-control"), "private, no-cache");
    const text = await first.text();
    node.clock.advance(400);
    const again = await node.app.request(`/api/v1/${path}`);
    assertEquals(again.headers.get("etag"), tag);
    assertEquals(await again.text(), text);
    const known = await node.app.request(`/api/v1/${path}`, {
      headers: { "if-none-match": `"other", ${tag}` },
    });
    assertEquals(known.status, 304);
    assertEquals(known.headers.get("etag"), tag);
    assertEquals(await known.text(), "");

    node.snapshot = sampledAgain(A_SNAPSHOT, 9_500);
    const later = await node.app.request(`/api/v1/${path}`, {
      headers: { "if-none-match": tag },
    });
    assertEquals(later.status, 200);
    assertNotEquals(later.headers.get("etag"), tag);
    await later.body?.cancel();
  }
});
