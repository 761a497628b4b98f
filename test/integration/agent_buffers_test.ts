/**
 * The whole agent, its privileges given up, beside processes that hold ring and perf buffers and count for themselves: the page and the API
 * say what their owners counted, each number with how good it is, and nothing more once the owners are gone.
 */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { Agent, pause } from "../agent.ts";
import { Bpftrace, fault, whyNoBpftrace } from "../kernel/bpftrace.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { whyNoTool } from "../kernel/compile.ts";
import type { Page } from "../kernel/page.ts";
import { PerfOwner } from "../kernel/perf_buffers.ts";
import { RingProducer } from "../kernel/rings.ts";
import { kernelTest, skip } from "../kernel/skip.ts";

const ARGS = ["--interval", "100ms"];
const RING = "odigos_ebpf_ring_buffer";
const PERF = "odigos_ebpf_perf_buffer";

const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;

async function startAgent(): Promise<Agent> {
  const agent = await Agent.start(ARGS);
  await agent.ready();
  return agent;
}

/** The page, once a value on it is what is wanted. */
async function pageWith(
  agent: Agent,
  name: string,
  labels: Readonly<Record<string, string>>,
  wanted: number | undefined,
): Promise<Page> {
  let page = await agent.page();
  await agent.eventually(
    `${name} of ${wanted}: it is ${page.value(name, labels)}`,
    async () => {
      page = await agent.page();
      return page.value(name, labels) === wanted;
    },
  );
  return page;
}

/** The families of one kind of buffer that have a series of this map. */
function familiesOf(page: Page, prefix: string, id: number): string[] {
  const names = [...page.series.values()]
    .filter(({ name, labels }) =>
      name.startsWith(prefix) && labels.map_id === `${id}`
    ).map(({ name }) => name.slice(prefix.length + 1));
  return [...new Set(names)].toSorted();
}

// deno-lint-ignore no-explicit-any -- a test of JSON reads what it wants
async function json(agent: Agent, path: string): Promise<any> {
  return JSON.parse((await agent.get(path)).text);
}

kernelTest(
  "the agent tells of a ring buffer what its producer counted, and nothing after its end",
  async () => {
    await using agent = await startAgent();
    // So large that nothing is overwritten, however late the agent looks.
    const sizeBytes = 8 << 20;
    await using producer = await RingProducer.start(sizeBytes);
    const id = producer.mapId;
    const labels = { map_id: `${id}` };
    // 700 records that nobody consumes, then many that somebody does.
    const stalled = await producer.tell("produce 1 700 20 0 1");
    await pageWith(agent, `${RING}_written_bytes_total`, labels, stalled.bytes);
    await producer.tell("drain 300");
    const truth = await producer.tell("produce 1 4000 10 500 2");
    const page = await pageWith(
      agent,
      `${RING}_consumed_bytes_total`,
      labels,
      truth.bytes,
    );
    const value = (name: string) => page.value(`${RING}_${name}`, labels);
    assertEquals(
      [
        value("events_coverage_ratio"),
        value("events_total"),
        value("discarded_events_total"),
        value("written_bytes_total"),
        value("pending_bytes"),
        value("size_bytes"),
      ],
      [1, truth.events, truth.discards, truth.bytes, 0, sizeBytes],
    );
    assertGreater(value("fill_ratio_max") ?? 0, 0);
    assertGreater(truth.events, 4_000);
    const answer = await json(agent, `/api/v1/objects/map/${id}`);
    assertEquals(answer.ring_buffer.events, {
      value: `${truth.events}`,
      quality: "exact",
    });
    assertEquals(answer.ring_buffer.loss_episodes.quality, "lower bound");
    const { buffers } = await json(agent, "/api/v1/snapshot");
    assert(
      buffers.ring.buffers.some((one: { map_id: number }) => one.map_id === id),
    );
    const ready = await json(agent, "/readyz");
    assertEquals(ready.buffers.ring.available, true);
    const overview = (await agent.get("/")).text;
    assert(overview.includes(`ringbuf ${id}<`), "no row of the ring");
    await producer.kill();
    const later = await pageWith(
      agent,
      `${RING}_size_bytes`,
      labels,
      undefined,
    );
    assertEquals(familiesOf(later, RING, id), []);
    assertEquals(agent.complaints, []);
  },
  noBtf,
  whyNoTool("ring_producer"),
);

kernelTest(
  "the agent counts exactly what a ring held before it came, however much that is",
  async () => {
    await using producer = await RingProducer.start(16 << 20);
    const truth = await producer.tell("produce 0 250000 1000 0 1");
    await using agent = await startAgent();
    const labels = { map_id: `${producer.mapId}` };
    await pageWith(agent, `${RING}_events_total`, labels, truth.events);
    await pageWith(agent, `${RING}_events_coverage_ratio`, labels, 1);
  },
  noBtf,
  whyNoTool("ring_producer"),
);

kernelTest(
  "the agent counts from its start on what a ring is written that had come round by then, and says that it is not all",
  async () => {
    await using producer = await RingProducer.start(1 << 16);
    await producer.tell("drain 50");
    await producer.tell("produce 0 5000 20 100 1");
    await using agent = await startAgent();
    const labels = { map_id: `${producer.mapId}` };
    await pageWith(agent, `${RING}_events_total`, labels, 0);
    await producer.tell("produce 0 300 20 100 1");
    const page = await pageWith(agent, `${RING}_events_total`, labels, 300);
    assertLess(page.value(`${RING}_events_coverage_ratio`, labels) ?? 1, 1);
    const { ring_buffer } = await json(
      agent,
      `/api/v1/objects/map/${producer.mapId}`,
    );
    assertEquals(ring_buffer.events, {
      value: "300",
      quality: "lower bound",
      reason:
        "what was written and gone before the agent first saw it is not counted",
    });
  },
  noBtf,
  whyNoTool("ring_producer"),
);

kernelTest(
  "the agent tells of a ring buffer that lost events, a lower bound of what its producer was refused",
  async () => {
    await using agent = await startAgent();
    await using producer = await RingProducer.start(4_096);
    const labels = { map_id: `${producer.mapId}` };
    await producer.tell("produce 0 10 10 0 1");
    await pageWith(agent, `${RING}_events_total`, labels, 10);
    let refused = 0;
    for (let bursts = 1; bursts <= 3; bursts++) {
      ({ refused } = await producer.tell("produce 0 200 200 0 1"));
      await pageWith(
        agent,
        `${RING}_loss_episodes_total`,
        labels,
        bursts,
      );
      await producer.tell("once");
      await pageWith(agent, `${RING}_pending_bytes`, labels, 0);
    }
    assertGreater(refused, 3);
  },
  noBtf,
  whyNoTool("ring_producer"),
);

kernelTest(
  "the agent calls the events of a ring that was overwritten unseen estimated, for good",
  async () => {
    await using agent = await startAgent();
    await using producer = await RingProducer.start(4_096);
    const id = producer.mapId;
    const labels = { map_id: `${id}` };
    await producer.tell("produce 0 10 10 0 1");
    const first = await pageWith(agent, `${RING}_events_total`, labels, 10);
    assertEquals(first.value(`${RING}_events_coverage_ratio`, labels), 1);
    const { ring_buffer: exact } = await json(
      agent,
      `/api/v1/objects/map/${id}`,
    );
    assertEquals(exact.events.quality, "exact");
    await producer.tell("drain 50");
    const truth = await producer.tell("produce 0 400000 40 60 1");
    const page = await pageWith(
      agent,
      `${RING}_written_bytes_total`,
      labels,
      truth.bytes,
    );
    const coverage = page.value(`${RING}_events_coverage_ratio`, labels) ?? NaN;
    assertLess(coverage, 1);
    const events = page.value(`${RING}_events_total`, labels) ?? NaN;
    assertLess(Math.abs(events / truth.events - 1), 0.05);
    const { ring_buffer } = await json(agent, `/api/v1/objects/map/${id}`);
    assertEquals(
      [
        ring_buffer.events.quality,
        ring_buffer.discarded_events.quality,
        ring_buffer.written_bytes.quality,
      ],
      ["estimated", "estimated", "exact"],
    );
    const { buffers } = await json(agent, "/readyz");
    assertEquals(buffers.ring.quality, "estimated");
    const [, row = ""] = (await agent.get("/")).text.split(`ringbuf ${id}<`);
    assert(row.split("</tr>")[0].includes(" estimated"), row.slice(0, 2_000));
  },
  noBtf,
  whyNoTool("ring_producer"),
);

kernelTest(
  "the agent tells of perf buffers what their owner counted: samples, and every one that was lost",
  async () => {
    await using agent = await startAgent();
    const cpus = Math.min(navigator.hardwareConcurrency, 2);
    await using owner = await PerfOwner.start(1, cpus, 4);
    const [id] = owner.mapIds;
    const truths = [];
    for (let cpu = 0; cpu < cpus; cpu++) {
      truths.push(await owner.ask("run", 0, cpu, 900 + 50 * cpu, 40, 0));
    }
    for (const [cpu, { ok, lost }] of truths.entries()) {
      const labels = { map_id: `${id}`, cpu: `${cpu}` };
      const page = await pageWith(
        agent,
        `${PERF}_lost_events_total`,
        labels,
        lost,
      );
      const value = (name: string) => page.value(`${PERF}_${name}`, labels);
      assertGreater(lost, 0);
      assertEquals(
        [value("events_total"), value("size_bytes"), value("pending_bytes")],
        [ok, 4 * 4096, ok * 56],
      );
      assertEquals(
        page.value(`${PERF}_memory_bytes`, { map_id: `${id}` }),
        cpus * 5 * 4096,
      );
    }
    const { perf_buffers } = await json(agent, `/api/v1/objects/map/${id}`);
    assertEquals(
      perf_buffers.map((
        one: Record<"events" | "lost_events", { value: string }>,
      ) => [one.events, one.lost_events]),
      truths.map(({ ok, lost }) => [
        { value: `${ok}`, quality: "exact" },
        { value: `${lost}`, quality: "exact" },
      ]),
    );
    // Told again in the owner's own words: what its LOST records say is what the page said before.
    for (let cpu = 0; cpu < cpus; cpu++) {
      await owner.ask("drain", 0, cpu, 0);
      await owner.ask("run", 0, cpu, 1, 40, 0);
      const { told } = await owner.ask("drain", 0, cpu, 0);
      assertEquals(told, truths[cpu].lost);
      await pageWith(
        agent,
        `${PERF}_lost_events_total`,
        { map_id: `${id}`, cpu: `${cpu}` },
        told,
      );
    }
    assertEquals(agent.complaints, []);
  },
  noBtf,
  whyNoTool("perf"),
);

const BPFTRACE = "the page says as many lost events as bpftrace tells its user";

kernelTest(
  BPFTRACE,
  async () => {
    await using agent = await startAgent();
    await using bpftrace = new Bpftrace();
    let ids = new Set<string>();
    await agent.eventually("a perf buffer of bpftrace's", async () => {
      const { buffers } = await json(agent, "/api/v1/snapshot");
      const its = buffers.perf.buffers.filter((one: { pid: number }) =>
        one.pid === bpftrace.pid
      );
      ids = new Set(its.map(({ map_id }: { map_id: number }) => `${map_id}`));
      return ids.size > 0 || bpftrace.hasEnded;
    });
    if (bpftrace.hasEnded) return skip(BPFTRACE, "it has no perf buffers");
    for (let i = 0; i < 4; i++) fault();
    bpftrace.read();
    let lost = 0;
    await agent.eventually("page that says what bpftrace told", async () => {
      await pause(20);
      lost = (await agent.page()).samples(`${PERF}_lost_events_total`)
        .filter(({ labels }) => ids.has(labels.map_id))
        .reduce((sum, { value }) => sum + value, 0);
      return lost > 0 && lost === bpftrace.lost;
    });
    assertGreater(lost, 0);
  },
  noBtf,
  whyNoBpftrace(),
);
