import { assertEquals } from "@std/assert";
import { ProcessCgroups } from "../../../../workers/links/holders_cgroups.ts";
import { FakeRecords } from "../../../fakes/fake_records.ts";

function process(pid: number, startedAtMs = 5) {
  return { pid, startedAtMs, comm: "x", uid: 0 };
}

function texts(
  cgroups: ProcessCgroups,
  pids: readonly number[],
  canRead = true,
): string[] {
  return cgroups.complete(pids.map((pid) => process(pid)), canRead)
    .map((one) => one.cgroups);
}

Deno.test("ProcessCgroups reads each process while it is new, then no more", () => {
  const fake = new FakeRecords();
  const cgroups = new ProcessCgroups(fake.port);
  fake.texts.set("/proc/7/cgroup", "0::/before\n");
  assertEquals(texts(cgroups, [7]), ["0::/before"]);
  fake.texts.set("/proc/7/cgroup", "0::/pod\n");
  fake.kernel.advanceMs(1_000);
  assertEquals(texts(cgroups, [7]), ["0::/pod"]);
  fake.kernel.advanceMs(20_000);
  assertEquals(texts(cgroups, [7]), ["0::/pod"]);
  const reads = fake.opened.length;
  fake.kernel.advanceMs(20_000);
  assertEquals(texts(cgroups, [7]), ["0::/pod"]);
  assertEquals(fake.opened.length, reads);
});

Deno.test("ProcessCgroups reads anew for a later process with the same pid", () => {
  const fake = new FakeRecords();
  const cgroups = new ProcessCgroups(fake.port);
  fake.texts.set("/proc/7/cgroup", "0::/one\n");
  texts(cgroups, [7]);
  fake.kernel.advanceMs(20_000);
  texts(cgroups, [7]);
  fake.texts.set("/proc/7/cgroup", "0::/two\n");
  const [later] = cgroups.complete([process(7, 99)], true);
  assertEquals(later.cgroups, "0::/two");
});

Deno.test("ProcessCgroups gives an empty text for a process that is gone, and reads none in another pid namespace", () => {
  const fake = new FakeRecords();
  const cgroups = new ProcessCgroups(fake.port);
  fake.texts.set("/proc/8/cgroup", "0::/x\n");
  assertEquals(texts(cgroups, [7, 8]), ["", "0::/x"]);
  assertEquals(texts(new ProcessCgroups(fake.port), [7, 8], false), ["", ""]);
});

Deno.test("ProcessCgroups bounds what a process's text takes", () => {
  const fake = new FakeRecords();
  fake.texts.set("/proc/7/cgroup", "x".repeat(50_000));
  assertEquals(texts(new ProcessCgroups(fake.port), [7])[0].length, 8_192);
});
