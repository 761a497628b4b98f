import { assertEquals } from "@std/assert";
import {
  formatWindowMode,
  operationsMode,
  runStatsMode,
  windowPhrase,
} from "../../../../src/config/window_mode.ts";

Deno.test("operationsMode reads off, on and windows, and formatWindowMode() gives them back", () => {
  for (const text of ["off", "on", "window=10s/100s", "window=1s/24h"]) {
    const parsed = operationsMode.parse(text);
    assertEquals(parsed.ok && formatWindowMode(parsed.value), text);
  }
  assertEquals(operationsMode.parse("window=10s/100s"), {
    ok: true,
    value: { onMs: 10_000, everyMs: 100_000 },
  });
});

Deno.test("operationsMode refuses what is no mode, and windows that are too short or leave nothing between", () => {
  const texts = [
    "",
    "yes",
    "ON",
    "window",
    "window=10s",
    "window=10s/",
    "window=500ms/10s",
    "window=2h/24h",
    "window=10s/25h",
    "window=10s/20s/30s",
    " window=10s/100s",
  ];
  for (const text of texts) assertEquals(operationsMode.parse(text).ok, false);
  const always = operationsMode.parse("window=10s/10s");
  assertEquals(
    !always.ok && always.because,
    "which leaves no time without counting",
  );
});

Deno.test("runStatsMode reads windows of milliseconds", () => {
  for (const text of ["off", "on", "window=100ms/1s", "window=10ms/20ms"]) {
    const parsed = runStatsMode.parse(text);
    assertEquals(parsed.ok && formatWindowMode(parsed.value), text);
  }
  const texts = [
    "window=9ms/1s",
    "window=0ms/1s",
    "window=1s/2h",
    "window=-10ms/1s",
    "window=100/1000",
    "window=1s/100ms",
    "Window=100ms/1s",
  ];
  for (const text of texts) assertEquals(runStatsMode.parse(text).ok, false);
  assertEquals(
    runStatsMode.expects,
    "off, on, or window=ON/EVERY with ON from 10ms to 1h and a longer EVERY of at most 1h, such as window=100ms/1s",
  );
});

Deno.test("windowPhrase() is for people", () => {
  assertEquals(
    windowPhrase({ onMs: 100, everyMs: 1_000 }),
    "for 100ms of every 1s",
  );
});
