/**
 * Owns the tests of src/config/resolve.ts. In: changes. Out: verdicts.
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Config } from "../../../../src/config/config.ts";
import {
  type Assignment,
  type ConfigChange,
  defaultConfig,
  resolveConfig,
  type Resolved,
} from "../../../../src/config/resolve.ts";

Deno.test("resolveConfig() lets a later source win, limits and intervals key by key", () => {
  const { config, origins } = resolved([
    [
      set("interval", { intervalMs: 20 }, "a"),
      set("limit.maps", { limits: { maps: 1 } }, "a"),
      set("limit.links", { limits: { links: 2 } }, "a"),
      set("interval-maps", { intervalsMs: { maps: 30 } }, "a"),
    ],
    [
      set("limit.links", { limits: { links: 3 } }, "b"),
      set("interval-links", { intervalsMs: { links: 50 } }, "b"),
    ],
    [set("interval", { intervalMs: 40 }, "c")],
  ]);
  assertEquals(config, {
    ...defaultConfig(true),
    intervalMs: 40,
    intervalsMs: { maps: 30, links: 50 },
    limits: { maps: 1, programs: 1000, links: 3 },
  });
  assertEquals(Object.fromEntries(origins), {
    interval: "c",
    "interval-links": "b",
    "interval-maps": "a",
    "limit.links": "b",
    "limit.maps": "a",
  });
});

Deno.test("resolveConfig() joins the addresses of one source and replaces those of weaker ones", () => {
  const [a, b, c] = [1, 2, 3].map((port) => ({ host: "", port }));
  assert(a !== undefined && b !== undefined && c !== undefined);
  const file = [a, b].map((one) => set("listen", { listen: [one] }, "file"));
  assertEquals(resolved([file]).config.listen, [a, b]);
  const { config, origins } = resolved([
    file,
    [set("listen", { listen: [c] }, "flag")],
    [set("interval", { intervalMs: 20 }, "flag")],
  ]);
  assertEquals(config.listen, [c]);
  assertEquals(origins.get("listen.0"), "flag");
});

Deno.test("resolveConfig() joins certificate and key of different sources and refuses one alone", () => {
  const cert = set("tls-cert", { tlsCertFile: "c" }, "variable X");
  const key = set("tls-key", { tlsKeyFile: "k" }, "flag --tls-key");
  const { config } = resolved([[cert], [key]]);
  assertEquals(config.tls, { certFile: "c", keyFile: "k" });
  assertEquals(
    resolveConfig(defaultConfig(true), [[cert]]),
    "Cannot use --tls-cert alone: expected --tls-key too or neither, found only --tls-cert (variable X)",
  );
  assertEquals(
    resolveConfig(defaultConfig(true), [[key]]),
    "Cannot use --tls-key alone: expected --tls-cert too or neither, found only --tls-key (flag --tls-key)",
  );
});

Deno.test("resolveConfig() freezes its result at every depth and nothing that it was given", () => {
  const defaults: Config = defaultConfig(false);
  const address = { host: "a", port: 1 };
  const { config } = resolved(
    [[set("listen", { listen: [address] }, "a")]],
    defaults,
  );
  assertThrows(() => Object.assign(config, { maxSeries: 1 }), TypeError);
  assertThrows(
    () => Object.assign(config.listen[0] ?? {}, { port: 2 }),
    TypeError,
  );
  assertThrows(() => Object.assign(config.limits, { maps: 2 }), TypeError);
  assert(!Object.isFrozen(address));
  assert(!Object.isFrozen(defaults.limits));
});

function set(
  setting: string,
  change: ConfigChange,
  origin: string,
): Assignment {
  return { setting, change, origin };
}

function resolved(
  sources: readonly (readonly Assignment[])[],
  defaults = defaultConfig(true),
): Resolved {
  const result = resolveConfig(defaults, sources);
  if (typeof result === "string") throw new Error(result);
  return result;
}
