/**
 * Every metric that the original specification fixes, one by one, as an agent serves it over real objects: its type, its labels, and its
 * value beside what the kernel, bpftool or the objects' own process says.
 */
import { assert, assertEquals } from "@std/assert";
import {
  createMap,
  lookUpElement,
  MAP_TYPES,
  testRunProgram,
  updateElement,
} from "../../ffi/mod.ts";
import { catalog } from "../../src/metrics/catalog.ts";
import { Agent } from "../agent.ts";
import { FIXED_METRICS } from "../fixed_metrics.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { compile, whyNoTool } from "../kernel/compile.ts";
import { Holder } from "../kernel/holder.ts";
import { returns } from "../kernel/instructions.ts";
import { operate } from "../kernel/operate.ts";
import type { Page } from "../kernel/page.ts";
import { PerfOwner } from "../kernel/perf_buffers.ts";
import { makeProgram } from "../kernel/programs.ts";
import { whyNoBpftool } from "../kernel/reference.ts";
import { RingProducer } from "../kernel/rings.ts";
import { kernelTest } from "../kernel/skip.ts";
import { type Made, Workshop } from "../kernel/workshop.ts";
import {
  LIMITS,
  LOOKUPS,
  RUNS,
  TRUTHS,
  UPDATES,
  type Values,
  type World,
} from "./contract_truths.ts";

Deno.test("catalog has every metric that the original specification fixes, with its type and labels", () => {
  const found = Object.fromEntries(
    catalog.filter(({ name }) => name in FIXED_METRICS)
      .map(({ name, type, labels }) => [name, { type, labels }]),
  );
  assertEquals(found, FIXED_METRICS);
});

kernelTest(
  "agent serves every metric that the original specification fixes as the kernel has it",
  async (t) => {
    assertEquals(Object.keys(TRUTHS), Object.keys(FIXED_METRICS));
    using workshop = new Workshop();
    using operator = new Operator();
    await using holder = await Holder.start(12, 5, 3);
    await using agent = await Agent.start([
      ...["--interval", "100ms", "--operations", "on", "--include-self"],
      ...Object.entries(LIMITS).flatMap((
        [what, n],
      ) => ["--limit", `${what}=${n}`]),
      ...["--manager", `held=pid:${holder.pid}`],
      ...["--manager", `tried=comm:^${operator.name}$`],
    ]);
    await agent.ready();
    const { counts: operated } = await operate(200, 2, {
      path: operator.path,
    });
    await using producer = await RingProducer.start(1 << 20);
    const { events } = await producer.tell("produce 1 700 20 0 1");
    await using owner = await PerfOwner.start(1, 2, 4);
    const truths = [
      await owner.ask("run", 0, 0, 900, 40, 0),
      await owner.ask("run", 0, 1, 950, 40, 0),
    ];
    const world: World = {
      map: fullMap(workshop),
      program: runProgram(workshop),
      held: holder.ids,
      ring: { mapId: producer.mapId, events },
      perf: { mapId: owner.mapIds[0], truths },
      operated,
    };
    for (const [name, compare] of Object.entries(TRUTHS)) {
      await t.step(name, async () => {
        let page = await agent.page();
        let [found, wanted] = compare(page, world);
        await agent.eventually(`page with the truth of ${name}`, async () => {
          page = await agent.page();
          [found, wanted] = compare(page, world);
          return same(found, wanted);
        }).catch(() => assertEquals(found, wanted));
        assertEquals(
          Object.values(wanted).filter((value) => Number.isNaN(value)),
          [],
        );
        assertForm(page, name);
      });
    }
  },
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
  navigator.hardwareConcurrency < 2 ? "this machine has one CPU" : undefined,
  whyNoTool("ring_producer"),
  whyNoTool("perf"),
  whyNoBpftool(),
);

/** The program that operates, under a command name that no other test has. */
class Operator implements Disposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "bpfpulse-contract-" });
  readonly name = `operate_${Deno.pid}`;
  readonly path = `${this.#folder}/${this.name}`;

  constructor() {
    Deno.symlinkSync(compile("operate"), this.path);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** Every series has the labels that are fixed, and the family its type. */
function assertForm(page: Page, name: string): void {
  const { type, labels } = FIXED_METRICS[name];
  assertEquals(page.types.get(name), type);
  const names = type === "histogram"
    ? ["_bucket", "_sum", "_count"].map((part) => name + part)
    : [name];
  for (const one of names) {
    const wanted = one.endsWith("_bucket") ? ["le", ...labels] : labels;
    for (const sample of page.samples(one)) {
      assertEquals(
        Object.keys(sample.labels).toSorted(),
        [...wanted].toSorted(),
      );
    }
    assert(page.samples(one).length > 0, `no series of ${one}`);
  }
}

/** Whatever the order of the keys. */
function same(some: Values, others: Values): boolean {
  const keys = new Set([...Object.keys(some), ...Object.keys(others)]);
  return [...keys].every((key) => some[key] === others[key]);
}

/** Nobody else does anything with it. */
function fullMap(workshop: Workshop): Made {
  const { kernel } = workshop;
  const map = workshop.need(
    "map",
    "map hash",
    createMap(kernel, {
      type: MAP_TYPES.indexOf("hash"),
      keyBytes: 4,
      valueBytes: 8,
      maxEntries: UPDATES,
      name: "contract",
    }),
  );
  const [key, value] = [kernel.allocate(4), kernel.allocate(8)];
  for (let i = 0; i < UPDATES; i++) {
    key.view.setUint32(0, i, true);
    assertEquals(updateElement(kernel, map.fd, key, value), 0);
  }
  for (let i = 0; i < LOOKUPS; i++) {
    assertEquals(lookUpElement(kernel, map.fd, key, value), 0);
  }
  return map;
}

function runProgram(workshop: Workshop): Made {
  const source = { type: "socket_filter", code: returns(0), name: "contract" };
  const program = makeProgram(workshop, source);
  if (program === undefined) throw new Error("Cannot load a socket filter");
  const packet = workshop.kernel.allocate(64);
  const ran = testRunProgram(workshop.kernel, program.fd, packet, 64, RUNS);
  assertEquals(ran, 0);
  return program;
}
