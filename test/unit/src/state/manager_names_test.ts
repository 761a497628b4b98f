/** Owns the tests of src/state/manager_names.ts. @module */
import { assertEquals } from "@std/assert";
import { LONGEST_MATCHED } from "../../../../src/config/bounded_regex.ts";
import type { ManagerSelector } from "../../../../src/config/manager_selector.ts";
import { ManagerNames } from "../../../../src/state/manager_names.ts";

const CONTAINER = "35c6b5574bc5".padEnd(64, "0");
const IN_CONTAINER = `0::/system.slice/docker-${CONTAINER}.scope\n`;
const IN_UNIT = "0::/system.slice/cilium.service\n";

function namesBy(...selectors: ManagerSelector[]): ManagerNames {
  return new ManagerNames(selectors, (name) => name);
}

function process(comm: string, cgroups = "", pid = 1) {
  return { pid, comm, cgroups };
}

Deno.test("ManagerNames.of() without selectors gives one name per command and container, made fit for a label", () => {
  const names = new ManagerNames([], (name) => name.toUpperCase());
  assertEquals(names.of(process("agent")), "AGENT");
  assertEquals(names.of(process("agent", IN_CONTAINER)), "AGENT@35C6B5574BC5");
  assertEquals(names.of(process("agent", IN_UNIT)), "AGENT");
});

Deno.test("ManagerNames.of() gives the name of the first selector that fits, and none where none does", () => {
  const names = namesBy(
    { name: "first", by: "comm", text: "^ag" },
    { name: "second", by: "comm", text: "nt$" },
    { name: "unit", by: "unit", text: "cilium.service" },
    { name: "pod", by: "cgroup", text: "docker-35c6" },
    { name: "one", by: "pid", text: "42" },
  );
  assertEquals(names.of(process("agent")), "first");
  assertEquals(names.of(process("client")), "second");
  assertEquals(names.of(process("x", IN_UNIT)), "unit");
  assertEquals(names.of(process("x", IN_CONTAINER)), "pod");
  assertEquals(names.of(process("x", "", 42)), "one");
  // It was asked before for another pid.
  assertEquals(names.of(process("x", "", 4)), undefined);
});

Deno.test("ManagerNames.of() looks at the path of each hierarchy, not at their names", () => {
  const names = namesBy({ name: "a", by: "cgroup", text: "^/pods" });
  const cgroups = "12:memory:/system\n3:cpu,cpuacct:/pods/1\n0::/system\n";
  assertEquals(names.of(process("x", cgroups)), "a");
  assertEquals(names.of(process("x", "3:/pods:/system\n")), undefined);
});

Deno.test("ManagerNames.of() runs no expression on more of a hostile path than is bounded", () => {
  const names = namesBy({ name: "a", by: "cgroup", text: "end" });
  const path = (length: number) => `0::/${"x".repeat(length - 1)}end\n`;
  assertEquals(names.of(process("x", path(LONGEST_MATCHED - 3))), "a");
  assertEquals(names.of(process("x", path(LONGEST_MATCHED))), undefined);
});

Deno.test("ManagerNames.select() forgets what it found by other selectors", () => {
  const names = namesBy({ name: "a", by: "comm", text: "x" });
  assertEquals(names.of(process("x")), "a");
  names.select([{ name: "b", by: "comm", text: "x" }]);
  assertEquals(names.of(process("x")), "b");
  names.select([]);
  assertEquals(names.of(process("x")), "x");
});

Deno.test("ManagerNames.of() stays right beyond the number of names that it remembers", () => {
  const names = namesBy({ name: "odd", by: "comm", text: "[13579]$" });
  for (let i = 0; i < 10_000; i++) {
    assertEquals(names.of(process(`p${i}`)), i % 2 === 1 ? "odd" : undefined);
  }
});
