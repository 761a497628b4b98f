import { assert, assertEquals } from "@std/assert";
import { BPF, EMFILE } from "../../../../ffi/mod.ts";
import { once } from "../../../../src/commands/once.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";
import { someFacts } from "../../../state_builders.ts";
import { NOT_PERMITTED, onceOptions } from "./command_ports.ts";

function aNode(): FakeKernel {
  const kernel = new FakeKernel();
  kernel.addMap({ id: 3, name: "flows" });
  kernel.addProgram({ id: 5, name: "busy" });
  kernel.addProgram({ id: 6, name: "idle" });
  kernel.addLink({ id: 7, programId: 5 });
  return kernel;
}

/** The row of a table that names `word`. */
function lineWith(text: string, word: string): string {
  return text.split("\n").find((line) => line.includes(` ${word} `)) ?? "";
}

Deno.test("once() takes one sample and waits for nothing without --rates", async () => {
  const kernel = aNode();
  const startMs = kernel.nowMs;
  const { stdout, stderr, exitCode } = await once(onceOptions(kernel));
  assertEquals([kernel.nowMs - startMs, stderr, exitCode], [0, [], 0]);
  assert(!stdout.includes("CPU %"), stdout);
  assertEquals(kernel.openFds, 0);
});

Deno.test("once() with rates shows the CPU share of the interval between two samples, busiest first", async () => {
  const kernel = aNode();
  kernel.statsSysctl = true;
  kernel.runNs = 1000;
  const { stdout } = await once(onceOptions(
    kernel,
    { rates: true },
    () => kernel.runProgram(5, 2500),
  ));
  // 2.5 ms of 500 ms
  assert(lineWith(stdout, "busy").endsWith("2,500   0.50"), stdout);
  assert(lineWith(stdout, "idle").endsWith("0   0.00"), stdout);
  assert(stdout.indexOf(" busy ") < stdout.indexOf(" idle "));
});

Deno.test("once() with rates shows no share where nobody counts, and says so", async () => {
  const kernel = aNode();
  const facts = someFacts({
    runStats: { agent: false, sysctl: false, other: false },
  });
  const { stdout, stderr, exitCode } = await once(
    onceOptions(kernel, { rates: true, facts }),
  );
  assert(/ -\s+- +-$/.test(lineWith(stdout, "busy")), stdout);
  assertEquals(stderr, [
    "Cannot tell CPU shares: run-time statistics are not kept: --run-stats is off",
  ]);
  assertEquals(exitCode, 0);
});

Deno.test("once() fails with one sentence where nothing may be read", async () => {
  const kernel = new FakeKernel({ privileged: false });
  const facts = NOT_PERMITTED;
  assertEquals(await once(onceOptions(kernel, { facts })), {
    stdout: "",
    stderr: [
      "Cannot read maps, programs, links and BTF objects: the kernel answers EPERM; to get them: start bpfpulse as root",
    ],
    exitCode: 1,
  });
});

Deno.test("once() as JSON is still JSON where nothing may be read", async () => {
  const kernel = new FakeKernel({ privileged: false });
  const { stdout, exitCode } = await once(
    onceOptions(kernel, { facts: NOT_PERMITTED, format: "json" }),
  );
  const { tables, objects } = JSON.parse(stdout);
  assertEquals(tables.map.status, "unavailable");
  assertEquals(objects, {});
  assertEquals(exitCode, 1);
});

Deno.test("once() shows what it could read and says what it could not", async () => {
  const kernel = new FakeKernel({ lacks: [BPF.LINK_GET_NEXT_ID] });
  kernel.addMap({ id: 3 });
  kernel.fail(BPF.PROG_GET_NEXT_ID, EMFILE);
  const { stdout, stderr, exitCode } = await once(onceOptions(kernel));
  assert(/^links +-$/m.test(stdout), stdout);
  assertEquals(stderr, [
    "Cannot read programs: the kernel answers EMFILE; to get them: raise the limit of open files: ulimit -n 65536, or LimitNOFILE= in the systemd unit",
    "Cannot read links: the kernel answers EINVAL; to get them: run on Linux 5.8 or newer",
  ]);
  assertEquals(exitCode, 0);
});

Deno.test("once() as prom is the metrics page, one sample observed for each collector", async () => {
  const { stdout } = await once(onceOptions(aNode(), { format: "prom" }));
  const wanted = [
    'odigos_ebpf_objects_total{type="program"} 2',
    'odigos_ebpf_map_max_entries{map_id="3",map_name="flows",map_type="hash"} 1024',
    'odigos_ebpf_collector_samples_total{collector="links"} 1',
    'odigos_ebpf_collector_sample_duration_seconds_count{collector="maps"} 1',
    "process_resident_memory_bytes 4096",
  ];
  const lines = new Set(stdout.split("\n"));
  assertEquals(wanted.filter((line) => !lines.has(line)), []);
});
