/**
 * Owns the tests of src/config/settings.ts: what holds for every entry. In: the catalog. Out: verdicts.
 * @module
 */
import { assertEquals } from "@std/assert";
import { defaultConfig } from "../../../../src/config/resolve.ts";
import { identityOf, SETTINGS } from "../../../../src/config/settings.ts";

Deno.test("SETTINGS has each field of Config either change while the agent runs or not", () => {
  const fields = new Map<string, boolean>();
  for (const { field, whileRunning } of SETTINGS) {
    assertEquals(fields.get(field) ?? whileRunning, whileRunning);
    fields.set(field, whileRunning);
  }
  const known = Object.keys({
    ...defaultConfig(true),
    tls: 0,
    authTokenFile: 0,
    user: 0,
  }).sort();
  assertEquals([...fields.keys()].sort(), known);
});

Deno.test("identityOf() gives what may not be repeated within one source", () => {
  const identities = SETTINGS.filter(({ form }) => form !== "one").map((
    setting,
  ) => [setting.name, identityOf(setting, "maps=3")]);
  assertEquals(identities, [["listen", "maps=3"], ["limit", "maps"], [
    "manager",
    "maps=3",
  ]]);
  const one = SETTINGS.find(({ name }) => name === "interval");
  assertEquals(one && identityOf(one, "1s"), "");
});

Deno.test("SETTINGS gives texts that set the same again", () => {
  const config = defaultConfig(true);
  for (const { name, kind, textOf } of SETTINGS) {
    const value = textOf(config);
    if (value === undefined) continue;
    const texts = typeof value === "string"
      ? [value]
      : Object.entries(value).map(([key, text]) =>
        name === "limit" ? `${key}=${text}` : String(text)
      );
    for (const text of texts) assertEquals(kind.parse(text).ok, true, name);
  }
});
