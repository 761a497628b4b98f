/** Owns the test of how long a file of the product may be. In: the sources. Out: an assertion on their lines. */
import { assertEquals } from "@std/assert";

const ROOT = new URL("../../../", import.meta.url);
const MOST_LINES = 400;

function* sources(directory: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    if (isDirectory) yield* sources(new URL(`${name}/`, directory));
    else if (name.endsWith(".ts")) yield new URL(name, directory);
  }
}

Deno.test("no file of the product is longer than 400 lines", () => {
  const long: string[] = [];
  let seen = 0;
  for (const directory of ["ffi/", "workers/", "src/"]) {
    for (const file of sources(new URL(directory, ROOT))) {
      seen++;
      const lines = Deno.readTextFileSync(file).split("\n").length - 1;
      if (lines > MOST_LINES) {
        long.push(`${file.pathname.slice(ROOT.pathname.length)}: ${lines}`);
      }
    }
  }
  assertEquals(long, []);
  assertEquals(seen > 100, true);
});
