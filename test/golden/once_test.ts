/**
 * What `once` prints of a node that stands still, byte for byte, at 80 columns. `UPDATE_GOLDEN=1` writes the files anew. Its
 * JSON is what GET /api/v1/snapshot answers, its page what GET /metrics does.
 */
import { assertEquals } from "@std/assert";
import { once, type OnceOptions } from "../../src/commands/once.ts";
import { widthOf } from "../../src/commands/text_table.ts";
import { FakeKernel } from "../fakes/fake_kernel.ts";
import { aBuffersPass, type BuffersGiven } from "../buffer_builders.ts";
import { aPass, type PassGiven } from "../pass_builders.ts";
import { someFacts } from "../state_builders.ts";
import {
  NOT_PERMITTED,
  onceOptions,
} from "../unit/src/commands/command_ports.ts";

const encoder = new TextEncoder();

/** Something of everything: hostile and long names, no names, large and small numbers. */
function theNode(): FakeKernel {
  const kernel = new FakeKernel();
  kernel.statsSysctl = true;
  kernel.runNs = 437;
  kernel.addBtf({ id: 1, name: "vmlinux", sizeBytes: 5_516_713, kernelBtf: 1 });
  kernel.addMap({ id: 3, name: "conntrack_table", maxEntries: 262_144 });
  kernel.addMap({
    id: 12,
    name: encoder.encode("\x1b[2J\u202eevil"),
    type: "percpu_cgroup_storage",
    maxEntries: 1,
  });
  kernel.addMap({
    id: 13,
    name: "events",
    type: "ringbuf",
    keySize: 0,
    valueSize: 0,
    maxEntries: 16_777_216,
  });
  kernel.addMap({ id: 3_304_913, name: "", type: "array", maxEntries: 2 });
  kernel.addProgram({
    id: 5,
    name: "on_switch",
    type: "raw_tracepoint",
    jitedBytes: 1234,
  });
  kernel.addProgram({ id: 6, name: "", type: "sched_cls" });
  kernel.addProgram({
    id: 3_252_052,
    name: "handle_sys_ente",
    type: "raw_tracepoint_writable",
    xlatedBytes: 40_960,
    jitedBytes: 24_576,
  });
  kernel.addLink({ id: 1, programId: 5, targetName: "sched_switch" });
  kernel.addLink({
    id: 2,
    programId: 3_252_052,
    targetName: "a_tracepoint_with_a_name_that_is_much_too_long_for_a_line",
  });
  kernel.addLink({ id: 4, type: "xdp", programId: 6, ifindex: 2 });
  kernel.runProgram(5, 1_234_567);
  return kernel;
}

async function held(
  name: string,
  given: Partial<OnceOptions>,
  kernel = theNode(),
  passes: readonly PassGiven[] = [],
  buffers?: BuffersGiven,
): Promise<void> {
  const options = onceOptions(
    kernel,
    given,
    () => kernel.runProgram(3_252_052, 9_876),
  );
  const { stdout, stderr, exitCode } = await once(
    withBuffers(withPasses(options, passes), buffers),
  );
  const text = stdout + stderr.map((line) => `stderr: ${line}\n`).join("") +
    `exit: ${exitCode}\n`;
  const url = new URL(name, import.meta.url);
  if (Deno.env.get("UPDATE_GOLDEN") === "1") {
    await Deno.writeTextFile(url, text);
  }
  assertEquals(text, await Deno.readTextFile(url));
  if (given.format === "json") return;
  assertEquals(stdout.split("\n").filter((line) => widthOf(line) > 80), []);
}

const STATS = { agent: true, sysctl: true };

Deno.test("once prints the golden table", async () => {
  await held("once.txt", { facts: someFacts({ runStats: STATS }) });
});

Deno.test("once --rates prints the golden table", async () => {
  await held("once_rates.txt", {
    facts: someFacts({ runStats: STATS }),
    rates: true,
  });
});

Deno.test("once prints the golden table for a small screen", async () => {
  await held("once_screen.txt", {
    facts: someFacts({
      runStats: { agent: false, sysctl: false, other: false },
    }),
    layout: { widthColumns: 80, maxRows: 2 },
  });
});

/** Who holds what of the node, twice, as the links worker would tell it. */
function withPasses(
  options: OnceOptions,
  passes: readonly PassGiven[],
): OnceOptions {
  return {
    ...options,
    sample(sink) {
      const rounds = options.sample(sink);
      for (const given of passes) {
        const takenAtMs = options.clock.monotonicMs() + (given.takenAtMs ?? 0);
        const pass = aPass({ ...given, takenAtMs });
        sink({ kind: "holders", epoch: 1, pass }, "links");
      }
      return rounds;
    },
  };
}

/** What is known of buffers, as the maps worker would tell it. */
function withBuffers(
  options: OnceOptions,
  given: BuffersGiven | undefined,
): OnceOptions {
  return given === undefined ? options : {
    ...options,
    sample(sink) {
      const rounds = options.sample(sink);
      const pass = aBuffersPass({
        takenAtMs: options.clock.monotonicMs(),
        ...given,
      });
      sink({ kind: "buffers", epoch: 1, pass }, "maps");
      return rounds;
    },
  };
}

const BUFFERS: BuffersGiven = {
  rings: [{
    mapId: 13,
    sizeBytes: 16_777_216,
    pendingBytes: 1_000_000,
    events: 1_234_567,
    coverage: 0.5,
    lossEpisodes: 3,
  }],
  perf: [
    { mapId: 14, cpu: 0, lostSamples: 12 },
    { mapId: 14, cpu: 1, pendingBytes: NaN },
    { mapId: 15, samples: NaN, pendingBytes: NaN, lostSamples: NaN },
  ],
};

for (const format of ["table", "json"] as const) {
  Deno.test(`once prints ring and perf buffers as the golden ${format}`, async () => {
    const kernel = theNode();
    kernel.addMap({ id: 14, name: "perf\x1b[2J", type: "perf_event_array" });
    kernel.addMap({ id: 15, name: "", type: "perf_event_array" });
    await held(
      `once_buffers${format === "json" ? "_json" : ""}.txt`,
      { format },
      kernel,
      [],
      BUFFERS,
    );
  });
}

const LOOK: PassGiven = {
  processes: [
    {
      pid: 77,
      comm: "\x1b[2J\u202eevil",
      cgroups:
        "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podcfbe1789_8da4_4a1d_9fa1_f49a2be9eef5.slice/cri-containerd-35c6b5574bc50507e0b8535bb826e39c4cc0b8dd587930b0947d86239eb0f0a9.scope\n",
      holds: ["link 1"],
    },
    { pid: 3_304_913, comm: "a-long-name-123", holds: ["map 3", "map 13"] },
  ],
  references: [["program 5", "map 12"], ["program 6", "map 3304913"]],
  pins: [["link 2", "/sys/fs/bpf/l"]],
};

for (const format of ["table", "json"] as const) {
  Deno.test(`once --by owner prints the golden ${format}`, async () => {
    await held(
      `once_owners${format === "json" ? "_json" : ""}.txt`,
      {
        by: "owner",
        format,
      },
      theNode(),
      [{ ...LOOK, takenAtMs: 1 }, { ...LOOK, takenAtMs: 900 }],
    );
  });
}

Deno.test("once --by owner prints the golden sentence where nobody could look", async () => {
  await held("once_owners_unknown.txt", { by: "owner" });
});

Deno.test("once without privilege prints the golden sentence", async () => {
  await held(
    "once_unprivileged.txt",
    { facts: NOT_PERMITTED },
    new FakeKernel({ privileged: false }),
  );
});
