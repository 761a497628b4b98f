import { assertEquals } from "@std/assert";
import { acquire } from "../../../workers/acquire.ts";
import { untold } from "../../../workers/untold.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const ASKED = {
  runStats: "on",
  backend: "auto",
  keepPrivileges: true,
} as const;

Deno.test("untold() says nothing where there are no iterators", () => {
  assertEquals(untold({ map: "no", program: "no", perf: "no" }), {});
});

Deno.test("acquire() in a dry run switches nothing on and says what would be", () => {
  const kernel = new FakeKernel();
  using acquired = acquire(kernel, {
    ...ASKED,
    operations: "on",
    isDryRun: true,
  });
  assertEquals(kernel.statsEnabled, false);
  assertEquals(acquired.facts.runStats.agent, true);
  assertEquals(acquired.facts.operations?.hook, undefined);
  assertEquals(
    acquired.facts.operations?.reason,
    "nothing was attached to try it",
  );
});
