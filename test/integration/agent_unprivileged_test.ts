/** main.ts, started by a user without any capability: it runs, says what it lacks, and shows nothing that it cannot see. */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { Agent } from "../agent.ts";
import { skip } from "../kernel/skip.ts";
import { unprivileged } from "../kernel/unprivileged.ts";

const COLLECTORS = ["maps", "programs", "links"];

Deno.test("agent without privilege runs, names CAP_SYS_ADMIN in /readyz and shows no objects", async () => {
  const options = unprivileged();
  if ("why" in options) return skip("agent without privilege", options.why);
  using _folder = options;
  await using agent = await Agent.start(["--interval", "50ms"], options);
  await agent.eventually("refused samples of all collectors", async () => {
    const page = await agent.page();
    return COLLECTORS.every((collector) =>
      (page.value("odigos_ebpf_collector_errors_total", {
        collector,
        error: "EPERM",
      }) ?? 0) > 0
    );
  });

  const { status, text } = await agent.get("/readyz");
  assertEquals(status, 503);
  const { ready, privileges } = JSON.parse(text);
  assertEquals(ready, false);
  assertEquals(privileges.atStart, []);
  const [missing] = privileges.missing;
  assertEquals(missing.capability, "CAP_SYS_ADMIN");
  assertMatch(missing.how, /root|AmbientCapabilities|setcap|--cap-add/);

  const page = await agent.page();
  const names = new Set([...page.series.values()].map(({ name }) => name));
  assertEquals(
    [...names].filter((name) =>
      /^odigos_ebpf_(objects|map|program|link|total|system_resource)_/.test(
        name,
      )
    ),
    [],
  );
  assertGreater(page.value("process_resident_memory_bytes"), 0);
  assert(names.has("odigos_ebpf_collector_syscalls_total"));
  assertEquals((await agent.get("/healthz")).status, 200);
  assertEquals((await agent.get("/")).status, 200);

  agent.kill("SIGTERM");
  assertEquals((await agent.ended()).code, 0);
  assertEquals(agent.log.filter(({ level }) => level === "error"), []);
});
