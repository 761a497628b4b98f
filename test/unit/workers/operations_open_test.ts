/**
 * Owns the tests of workers/operations_open.ts with a kernel that refuses; test/integration/operations_test.ts has those with one that
 * counts. @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { BPF, EPERM, HOOKS } from "../../../ffi/mod.ts";
import { openOperationsAtStart } from "../../../workers/operations_open.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const NOTHING_OWN = { mapIds: [], programIds: [], linkIds: [], fds: [] };

function ownOf(
  opened: ReturnType<typeof openOperationsAtStart>,
): typeof NOTHING_OWN {
  const { mapIds, programIds, linkIds, fds } = opened;
  return { mapIds, programIds, linkIds, fds } as typeof NOTHING_OWN;
}

Deno.test("openOperationsAtStart() opens nothing, and makes no call, where operations are off", () => {
  const kernel = new FakeKernel();
  const calls: string[] = [];
  Object.assign(kernel, {
    bpf: (command: number) => calls.push(`bpf ${command}`),
    open: (path: string) => calls.push(`open ${path}`),
  });
  using opened = openOperationsAtStart(kernel, "off", undefined);
  assertEquals(opened.facts, { mode: "off" });
  assertEquals(opened.handle, undefined);
  assertEquals(opened.attachingNeedsCapability, false);
  assertEquals(ownOf(opened), NOTHING_OWN);
  assertEquals(calls, []);
});

Deno.test("openOperationsAtStart() says that there is no BTF", () => {
  using opened = openOperationsAtStart(new FakeKernel(), "on", undefined);
  assertEquals(opened.facts, {
    mode: "on",
    reason: "open of /sys/kernel/btf/vmlinux failed: ENOENT",
  });
  assertEquals(opened.handle, undefined);
});

Deno.test("openOperationsAtStart() says that BTF cannot be read, in one sentence", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile(
    "/sys/kernel/btf/vmlinux",
    "no BTF at all, but long enough",
  );
  using opened = openOperationsAtStart(kernel, "on", undefined);
  assertMatch(opened.facts.reason ?? "", /^Cannot read BTF: [^\n]+$/);
  assertEquals(kernel.fds.size, 0);
});

Deno.test("openOperationsAtStart() tries every hook, says why each cannot count, and leaves nothing open", () => {
  const kernel = new FakeKernel();
  kernel.giveIterators();
  const bpf = kernel.bpf.bind(kernel);
  Object.assign(kernel, {
    bpf(command: number, attr: Uint8Array<ArrayBuffer>, size: number) {
      return command === BPF.PROG_LOAD ? -EPERM : bpf(command, attr, size);
    },
  });
  using opened = openOperationsAtStart(
    kernel,
    { onMs: 1_000, everyMs: 2_000 },
    undefined,
  );
  const { reason = "", mode, hook } = opened.facts;
  assertEquals(mode, { onMs: 1_000, everyMs: 2_000 });
  assertEquals(hook, undefined);
  assertEquals(reason.split("; ").map((one) => one.split(":")[0]), [...HOOKS]);
  assertEquals(ownOf(opened), NOTHING_OWN);
  assertEquals(kernel.fds.size, 0);
});
