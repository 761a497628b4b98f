import { assertEquals } from "@std/assert";
import {
  formatOperationsMode,
  operationsMode,
} from "../../../../src/config/operations_mode.ts";

Deno.test("operationsMode reads off, on and windows, and formatOperationsMode() gives them back", () => {
  for (const text of ["off", "on", "window=10s/100s", "window=1s/24h"]) {
    const parsed = operationsMode.parse(text);
    assertEquals(parsed.ok && formatOperationsMode(parsed.value), text);
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
