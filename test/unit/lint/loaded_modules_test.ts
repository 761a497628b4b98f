/** Owns the tests of what is loaded for as long as the agent runs. In: the sources. Out: assertions on what they import. */
import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../../", import.meta.url);

/** A declaration that imports or exports values of another file of ours; `import()` loads later. */
const DECLARATION =
  /^(?:import|export)\s+(?!type\b)([^;"]*?from\s+)?"(\.[^"]+)"/gm;

function areTypes(clause: string | undefined): boolean {
  const names = clause?.match(/^\{([^}]*)\}/)?.[1]?.split(",").map((name) =>
    name.trim()
  ).filter((name) => name !== "");
  return names?.every((name) => name.startsWith("type ")) ?? false;
}

/** Paths of all modules that are loaded with `entry`. */
async function loadedWith(entry: string): Promise<Set<string>> {
  const loaded = new Set<string>();
  const waiting = [new URL(entry, ROOT)];
  for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
    const path = url.pathname.slice(ROOT.pathname.length);
    if (loaded.has(path)) continue;
    loaded.add(path);
    if (!path.endsWith(".ts")) continue;
    const text = await Deno.readTextFile(url);
    for (const [, clause, specifier] of text.matchAll(DECLARATION)) {
      if (!areTypes(clause)) waiting.push(new URL(specifier ?? "", url));
    }
  }
  return loaded;
}

for (
  const entry of [
    "main.ts",
    ...["maps", "programs", "links"].map((name) => `workers/${name}/worker.ts`),
    "src/serve.ts",
  ]
) {
  Deno.test(`${entry} loads nothing that only opens what the agent reads`, async () => {
    const loaded = await loadedWith(entry);
    assert(loaded.has(entry) && loaded.size > 10);
    const opening = [...loaded].filter((path) =>
      /^ffi\/(?:mod\.ts|asm\/)|^workers\/(?:acquire|iterators)\.ts/.test(path)
    );
    assertEquals(opening, []);
  });
}
