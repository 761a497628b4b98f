import { assertEquals } from "@std/assert";
import type { ProcessUsage } from "../../../../src/metrics/exposition.ts";
import { anExposition, pageOf, sampleLines } from "./pages.ts";

const groups = new Set(["process"]);

Deno.test("process metrics have prom-client's names and the values that they were given", async () => {
  const processUsage = () => ({
    cpuUserSeconds: 0.1,
    cpuSystemSeconds: 0.2,
    startTimeSeconds: 1_700_000_000.5,
    residentBytes: 1,
    virtualBytes: 2,
    heapBytes: 3,
    openFds: 4,
    maxFds: 5,
  });
  const page = await pageOf(
    anExposition({ processUsage }),
    "prometheus",
    groups,
  );
  assertEquals(sampleLines(page), [
    "process_cpu_user_seconds_total 0.1",
    "process_cpu_system_seconds_total 0.2",
    "process_cpu_seconds_total 0.3",
    "process_start_time_seconds 1700000000.5",
    "process_resident_memory_bytes 1",
    "process_virtual_memory_bytes 2",
    "process_heap_bytes 3",
    "process_open_fds 4",
    "process_max_fds 5",
  ]);
});

Deno.test("process metrics are absent where they cannot be read, also when they could before", async () => {
  let usage: ProcessUsage = { openFds: 7, cpuUserSeconds: 1 };
  const exposition = anExposition({ processUsage: () => usage });
  assertEquals(
    sampleLines(await pageOf(exposition, "prometheus", groups)),
    ["process_cpu_user_seconds_total 1", "process_open_fds 7"],
  );
  usage = {};
  assertEquals(await pageOf(exposition, "prometheus", groups), "");
});

Deno.test("process metrics are read once for a page, and not for one without them", async () => {
  let reads = 0;
  const exposition = anExposition({
    processUsage: () => {
      reads++;
      return { openFds: 7 };
    },
  });
  await pageOf(exposition);
  assertEquals(reads, 1);
  await pageOf(exposition, "prometheus", new Set(["maps"]));
  assertEquals(reads, 1);
});
