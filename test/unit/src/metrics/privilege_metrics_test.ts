/** Owns the tests of src/metrics/privilege_metrics.ts. @module */
import { assertEquals } from "@std/assert";
import { someFacts } from "../../../state_builders.ts";
import { anExposition, pageOf, sampleLines } from "./pages.ts";

/** The lines of both metrics, where the agent holds `held`. */
async function lines(
  held: readonly { capability: string; why: string }[],
): Promise<string[]> {
  const facts = someFacts({ privileges: { dropped: true, held } });
  const page = await pageOf(
    anExposition({ facts }),
    "prometheus",
    new Set(["collector"]),
  );
  return sampleLines(page).filter((line) =>
    line.startsWith("odigos_ebpf_agent_")
  );
}

Deno.test("agent_capabilities is 0 without any capability, and there is no info then", async () => {
  assertEquals(await lines([]), ["odigos_ebpf_agent_capabilities 0"]);
});

Deno.test("agent_capability_info says of each capability why the agent holds it", async () => {
  assertEquals(
    await lines([
      { capability: "CAP_SYS_ADMIN", why: 'it "walks"' },
      { capability: "CAP_41", why: "it could not be given up" },
    ]),
    [
      "odigos_ebpf_agent_capabilities 2",
      'odigos_ebpf_agent_capability_info{capability="CAP_SYS_ADMIN",reason="it \\"walks\\""} 1',
      'odigos_ebpf_agent_capability_info{capability="CAP_41",reason="it could not be given up"} 1',
    ],
  );
});
