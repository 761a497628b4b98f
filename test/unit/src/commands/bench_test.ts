import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { bench } from "../../../../src/commands/bench.ts";
import { benchPorts } from "./bench_ports.ts";
import { NOT_PERMITTED } from "./command_ports.ts";

const REFUSED = {
  sample: () => ({
    durationMs: 0,
    objects: 0,
    failure: "BPF_MAP_GET_NEXT_ID failed: EPERM",
  }),
};

Deno.test("bench() removes each type's objects before it makes the next", async () => {
  const ports = benchPorts();
  assertEquals((await bench(ports)).exitCode, 0);
  assertEquals(ports.events, [
    ...["make map 1000", "remove map"],
    ...["make program 1000", "remove program"],
    ...["make link 1000", "remove link"],
  ]);
});

Deno.test("bench() makes nothing for --objects 0", async () => {
  const request = { objects: 0, seconds: 2, budgetRatio: 0.01 };
  const ports = benchPorts({ request, format: "json" });
  const { stdout } = await bench(ports);
  assertEquals(ports.events, []);
  assertEquals(JSON.parse(stdout).samples.length, 6);
});

Deno.test("bench() removes what it made when a collector throws", async () => {
  const given = benchPorts();
  let opened = 0;
  const ports = benchPorts({
    collector: (name, backend) =>
      ++opened <= 2 ? given.collector(name, backend) : {
        sample() {
          throw new Error("broken");
        },
      },
  });
  const error = await bench(ports).then(() => undefined, (error) => error);
  assertEquals(error?.message, "broken");
  assertEquals(ports.events, ["make map 1000", "remove map"]);
});

Deno.test("bench() fails with one sentence, and makes nothing, beyond the limit of open files", async () => {
  const ports = benchPorts({ openFilesLimit: 1024 });
  assertEquals(await bench(ports), {
    stdout: "",
    stderr: [
      "Cannot make the objects: expected at most 896 by the limit of 1024 open files, found 1000",
    ],
    exitCode: 1,
  });
  assertEquals(ports.events, []);
});

Deno.test("bench() without privilege fails with one sentence that says what would help", async () => {
  const { stdout, stderr, exitCode } = await bench(benchPorts({
    facts: NOT_PERMITTED,
    collector: (_, backend) =>
      backend === "walk" ? REFUSED : "BPF_PROG_LOAD failed: EPERM",
    makeObjects: () => "Cannot make 1000 maps: EPERM",
  }));
  assertEquals([stdout, exitCode, stderr.length], ["", 1, 1]);
  assertEquals(
    stderr[0],
    "Cannot measure: no collector works here: BPF_PROG_LOAD failed: EPERM, BPF_MAP_GET_NEXT_ID failed: EPERM; start bpfpulse as root",
  );
});

Deno.test("bench() says why a backend is not measured, and measures the others", async () => {
  const given = benchPorts();
  const { stdout, exitCode } = await bench(benchPorts({
    collector: (name, backend) =>
      backend === "walk" ? REFUSED : given.collector(name, backend),
    makeObjects: (type, count) =>
      type === "link"
        ? "Cannot make links: this kernel has no iterators"
        : given.makeObjects(type, count),
  }));
  assertEquals(exitCode, 0);
  assertMatch(stdout, /^maps +walk +0 +- +- +- +-$/m);
  assertMatch(
    stdout,
    /^maps by walk: BPF_MAP_GET_NEXT_ID failed: EPERM$/m,
  );
  assertMatch(
    stdout,
    /^links by iterator: Cannot make links: this kernel has no iterators$/m,
  );
});

Deno.test("bench() fails with one sentence where the workers do not sample", async () => {
  const answer = await bench(benchPorts({
    measureAgent: () => Promise.reject(new Error("a worker took no sample")),
  }));
  assertEquals(answer.stderr, [
    "Cannot measure the agent: a worker took no sample",
  ]);
  assertEquals(answer.exitCode, 1);
});

Deno.test("bench() says that no interval keeps within a budget below what rest takes", async () => {
  const request = { objects: 0, seconds: 2, budgetRatio: 0.001 };
  const table = await bench(benchPorts({ request }));
  assertStringIncludes(
    table.stdout.replaceAll("\n", " "),
    "No interval keeps the agent within 0.1% of a core",
  );
  const json = await bench(benchPorts({ request, format: "json" }));
  assertEquals(JSON.parse(json.stdout).budget, {
    cpuRatio: 0.001,
    intervalMs: null,
  });
});
