/**
 * Owns the tests of src/config/resolve.ts. In: changes. Out: verdicts.
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  defaultConfig,
  resolveConfig,
} from "../../../../src/config/resolve.ts";

Deno.test("resolveConfig() lets a later change win, limits key by key", () => {
  const config = resolveConfig(defaultConfig(true), [
    { intervalMs: 20, limits: { maps: 1, links: 2 } },
    { maxSeries: 5, limits: { links: 3 } },
    { intervalMs: 40 },
  ]);
  assertEquals(config, {
    ...defaultConfig(true),
    intervalMs: 40,
    maxSeries: 5,
    limits: { maps: 1, programs: 1000, links: 3 },
  });
});

Deno.test("resolveConfig() freezes its result at every depth and nothing that it was given", () => {
  const defaults = defaultConfig(false);
  const listen = { host: "a", port: 1 };
  const config = resolveConfig(defaults, [{ listen: [listen] }]);
  assertThrows(() => Object.assign(config, { maxSeries: 1 }), TypeError);
  assertThrows(() => Object.assign(config.listen[0], { port: 2 }), TypeError);
  assertThrows(() => Object.assign(config.limits, { maps: 2 }), TypeError);
  assert(!Object.isFrozen(listen));
  assert(!Object.isFrozen(defaults.limits));
});
