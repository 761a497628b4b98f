/** Owns the tests of src/http/pages.ts. @module */
import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { BusyError, type Page, Pages } from "../../../../src/http/pages.ts";

const BOUNDS = { inFlight: 2, heldBytes: 100 };

function aPage(sizeBytes: number): Page {
  return { slices: [], sizeBytes };
}

Deno.test("share() gives one page to all who ask while it is being made, and a new one afterwards", async () => {
  const pages = new Pages(BOUNDS);
  let made = 0;
  const make = () => Promise.resolve(aPage(++made));
  const [first, second] = await Promise.all([
    pages.share("a", make),
    pages.share("a", make),
  ]);
  assertStrictEquals(first, second);
  assertEquals((await pages.share("a", make)).sizeBytes, 2);
});

Deno.test("share() refuses one page more than may be made at once, until one is done", async () => {
  const pages = new Pages(BOUNDS);
  const slow = Promise.withResolvers<Page>();
  const first = pages.share("a", () => slow.promise);
  const second = pages.share("b", () => slow.promise);
  assertThrows(
    () => pages.share("c", () => slow.promise),
    BusyError,
    "2 other pages",
  );
  slow.resolve(aPage(1));
  await Promise.all([first, second]);
  assertEquals(await pages.share("c", () => slow.promise), aPage(1));
});

Deno.test("share() forgets a page that could not be made", async () => {
  const pages = new Pages(BOUNDS);
  await assertRejects(
    () => pages.share("a", () => Promise.reject(new Error("broken"))),
    Error,
    "broken",
  );
  assertEquals(
    await pages.share("a", () => Promise.resolve(aPage(1))),
    aPage(1),
  );
});

Deno.test("share() refuses while too many bytes are held, and no longer once they are released", async () => {
  const pages = new Pages(BOUNDS);
  const release = pages.hold(aPage(100));
  assertThrows(
    () => pages.share("a", () => Promise.resolve(aPage(1))),
    BusyError,
    "100 bytes",
  );
  release();
  assertEquals(
    await pages.share("a", () => Promise.resolve(aPage(1))),
    aPage(1),
  );
});

Deno.test("hold() counts a page once for all who hold it, and each release once", () => {
  const pages = new Pages(BOUNDS);
  const page = aPage(60);
  const releaseFirst = pages.hold(page);
  const releaseSecond = pages.hold(page);
  assertEquals(pages.heldBytes, 60);
  releaseFirst();
  releaseFirst();
  assertEquals(pages.heldBytes, 60);
  releaseSecond();
  assertEquals(pages.heldBytes, 0);
});
