/**
 * main.ts as a process that counts losses of ring buffers: with no capability left, beside a producer that keeps the truth, and that nothing
 * of it stays behind; or that says why it cannot.
 */
import { assert, assertEquals } from "@std/assert";
import { openLibc } from "../../ffi/mod.ts";
import { Agent } from "../agent.ts";
import { mapsCollector, startFaulty, trigger } from "../faulty_agent.ts";
import { attachedBy, leftOf, objectsOf } from "../kernel/agent_objects.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import { threadFields } from "../kernel/process.ts";
import { whyNoRingLosses } from "../kernel/ring_losses.ts";
import { whyNoBpftool } from "../kernel/reference.ts";
import { RingProducer } from "../kernel/rings.ts";
import { kernelTest } from "../kernel/skip.ts";

const LOST = "odigos_ebpf_ring_buffer_lost_events_total";
const ON = ["--ring-losses", "on", "--interval", "50ms"];
const needs = [
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
  whyNoTool("ring_producer"),
];
const kernel = openLibc();
const refusal = whyNoRingLosses(kernel);

function warnings(agent: Agent): string[] {
  return agent.complaints.map(({ message }) => `${message}`)
    .filter((message) => message.startsWith("Cannot count losses"));
}

async function lostOn(agent: Agent, { mapId }: RingProducer) {
  return (await agent.page()).by(LOST, "map_id").get(String(mapId));
}

kernelTest(
  "agent attaches nothing to ring buffers unless it is asked to, and tells no losses",
  async () => {
    await using producer = await RingProducer.start(1 << 12);
    await using agent = await Agent.start(["--interval", "50ms"]);
    await agent.ready();
    await agent.eventually("the ring", async () =>
      (await agent.page()).by(
        "odigos_ebpf_ring_buffer_size_bytes",
        "map_id",
      ).has(String(producer.mapId)));
    assertEquals(attachedBy(agent.pid), []);
    assertEquals(await lostOn(agent, producer), undefined);
  },
  ...needs,
);

kernelTest(
  "agent --ring-losses on counts to the event without a capability, and SIGKILL leaves nothing attached",
  async () => {
    await using agent = await Agent.start(ON);
    await agent.ready();
    const programs = attachedBy(agent.pid);
    assert(programs.length >= 2, `${programs.length} programs`);
    assertEquals(threadFields(agent.pid, ["CapEff"]).CapEff, [
      "0000000000000000",
    ]);
    assertEquals(warnings(agent), []);
    await using producer = await RingProducer.start(1 << 14);
    await producer.tell("drain 500");
    await producer.tell("produce 1 5000 500 100 2");
    const { refused } = await producer.tell("produce 2 5000 1000 100 2");
    assert(refused > 0, "nothing was lost");
    await agent.eventually(
      `${refused} lost events`,
      async () => (await lostOn(agent, producer))?.value === refused,
    );
    const objects = objectsOf(agent.pid);
    assert(programs.every((id) => objects.program.has(id)));
    agent.kill("SIGKILL");
    await agent.ended();
    assertEquals(await leftOf(kernel, objects), []);
  },
  ...needs,
  refusal,
  whyNoBpftool(),
);

kernelTest(
  "agent --ring-losses on counts on while its maps worker is gone, and the next one tells all of it",
  async () => {
    using now = trigger();
    await using agent = await startFaulty(
      "throws_on_trigger",
      { FIXTURE_TRIGGER: now.path },
      ["--ring-losses", "on"],
    );
    await agent.ready();
    await using producer = await RingProducer.start(1 << 12);
    let told = 0;
    const untilTold = (refused: number) =>
      agent.eventually(`${refused} lost events`, async () => {
        const before = told;
        told = (await lostOn(agent, producer))?.value ?? told;
        assert(told >= before, `${told} after ${before}`);
        return told === refused;
      });
    const first = await producer.tell("produce 0 1000 1000 0 1");
    assert(first.refused > 0, "nothing was lost");
    await untilTold(first.refused);
    now.set();
    await agent.eventually(
      "end of the worker",
      async () => (await mapsCollector(agent)).status !== "sampling",
    );
    const { refused } = await producer.tell("produce 0 1000 1000 0 1");
    assert(refused > first.refused, "nothing was lost");
    now.unset();
    await untilTold(refused);
    assert(Number((await mapsCollector(agent)).restarts) > 0);
  },
  ...needs,
  refusal,
);

kernelTest(
  "agent --ring-losses on goes on where this kernel refuses, and says why once",
  async () => {
    await using producer = await RingProducer.start(1 << 12);
    await using agent = await Agent.start(ON);
    await agent.ready();
    await agent.eventually("the ring", async () =>
      (await agent.page()).by(
        "odigos_ebpf_ring_buffer_loss_episodes_total",
        "map_id",
      ).has(String(producer.mapId)));
    assertEquals(attachedBy(agent.pid), []);
    assertEquals(await lostOn(agent, producer), undefined);
    assertEquals(warnings(agent).length, 1);
  },
  ...needs,
  refusal === undefined ? "this kernel can" : undefined,
);
