import { assertEquals, assertStringIncludes } from "@std/assert";
import { BPF, EINVAL, EPERM } from "../../../ffi/mod.ts";
import { acquire, type AcquireOptions } from "../../../workers/acquire.ts";
import type { Unprivileged } from "../../../workers/privileges.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

const ASKED = { backend: "auto", keepPrivileges: false } as const;

Deno.test("acquire() keeps run-time statistics on until it is disposed of", () => {
  const kernel = new FakeKernel();
  {
    using acquired = acquire(kernel, { ...ASKED, runStats: "on" });
    assertEquals(acquired.facts.runStats, {
      agent: true,
      sysctl: false,
      other: false,
      floorNs: 25,
      costNs: 0,
    });
    assertEquals(kernel.statsEnabled, true);
  }
  assertEquals(kernel.statsEnabled, false);
  assertEquals(kernel.openFds, 0);
});

Deno.test("acquire() turns nothing on that it was not asked for", () => {
  const kernel = new FakeKernel();
  using acquired = acquire(kernel, { ...ASKED, runStats: "off" });
  assertEquals(acquired.facts.runStats.agent, false);
  assertEquals(kernel.statsEnabled, false);
});

Deno.test("acquire() keeps CAP_SYS_ADMIN for windows of statistics, and a program to look for others by", () => {
  const kernel = new FakeKernel().giveIterators();
  const window = { onMs: 100, everyMs: 1_000 };
  using acquired = acquire(kernel, { ...ASKED, runStats: window });
  assertEquals(kernel.statsEnabled, false);
  assertEquals(acquired.keep, [{
    capability: "CAP_SYS_ADMIN",
    why:
      "run-time statistics are kept in windows, and BPF_ENABLE_STATS asks for it each time",
  }]);
  const { runStats, fds, ownIds, facts } = acquired;
  assertEquals(facts.runStats.window, window);
  assertEquals(runStats?.window, window);
  assertEquals(fds.includes(runStats?.probeFd ?? -1), true);
  assertEquals(ownIds.program.length, 9);
  assertEquals(
    ownIds.program.every((id) => kernel.tables.program.get(id)),
    true,
  );
  const reasons = acquire(kernel, {
    ...ASKED,
    runStats: window,
    backend: "walk",
  }).keep.map(({ why }) => why.split("; ").length);
  assertEquals(reasons, [2]);
  const all = acquire(kernel, {
    ...ASKED,
    runStats: window,
    keepPrivileges: true,
  });
  assertEquals(all.keep, []);
});

Deno.test("acquire() keeps nothing for windows that it may not open", () => {
  const kernel = new FakeKernel().giveIterators();
  kernel.fail(BPF.ENABLE_STATS, EPERM);
  using acquired = acquire(kernel, {
    ...ASKED,
    runStats: { onMs: 100, everyMs: 1_000 },
  });
  assertEquals([acquired.keep, acquired.runStats], [[], undefined]);
  assertEquals(
    acquired.facts.runStats.reason,
    "BPF_ENABLE_STATS failed: EPERM",
  );
});

Deno.test("acquire() notices that somebody else keeps statistics on", () => {
  const kernel = new FakeKernel();
  kernel.statsOther = true;
  using acquired = acquire(kernel, { ...ASKED, runStats: "on" });
  assertEquals(acquired.facts.runStats, {
    agent: true,
    sysctl: false,
    other: true,
    floorNs: 25,
    costReason: "somebody else kept statistics on at start",
  });
});

Deno.test("acquire() does not guess who else keeps statistics on beside the sysctl", () => {
  const kernel = new FakeKernel();
  kernel.statsSysctl = true;
  using acquired = acquire(kernel, { ...ASKED, runStats: "off" });
  assertEquals(acquired.facts.runStats, {
    agent: false,
    sysctl: true,
    floorNs: 25,
  });
});

Deno.test("acquire() leaves no program behind", () => {
  const kernel = new FakeKernel();
  using _acquired = acquire(kernel, { ...ASKED, runStats: "on" });
  assertEquals(kernel.tables.program.size, 0);
  assertEquals(kernel.openFds, 1);
});

Deno.test("acquire() says what is missing without privilege, and fails in nothing", () => {
  const kernel = new FakeKernel({ privileged: false });
  using acquired = acquire(kernel, { ...ASKED, runStats: "on" });
  const { capabilities, missing, runStats } = acquired.facts;
  assertEquals(capabilities, []);
  assertEquals(missing.map(({ capability }) => capability), ["CAP_SYS_ADMIN"]);
  assertEquals(runStats, {
    agent: false,
    sysctl: false,
    reason: "BPF_ENABLE_STATS failed: EPERM",
  });
});

Deno.test("acquire() says that a kernel before 5.8 cannot hold statistics on", () => {
  const kernel = new FakeKernel({ lacks: [BPF.ENABLE_STATS] });
  using acquired = acquire(kernel, { ...ASKED, runStats: "on" });
  assertEquals(
    acquired.facts.runStats.reason,
    "BPF_ENABLE_STATS failed: EINVAL",
  );
});

Deno.test("acquire() cannot tell about others where its own program does not run", () => {
  const kernel = new FakeKernel();
  kernel.fail(BPF.PROG_TEST_RUN, EINVAL);
  using acquired = acquire(kernel, { ...ASKED, runStats: "off" });
  assertEquals("other" in acquired.facts.runStats, false);
});

Deno.test("acquire() reads the JIT limit where it can", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile("/proc/sys/net/core/bpf_jit_limit", "528482304\n");
  using acquired = acquire(kernel, { ...ASKED, runStats: "off" });
  assertEquals(acquired.facts.jitLimitBytes, 528482304);
  using without = acquire(new FakeKernel(), { ...ASKED, runStats: "off" });
  assertEquals("jitLimitBytes" in without.facts, false);
});

Deno.test("acquire() finds the kernel's release and its BTF", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile("/proc/sys/kernel/osrelease", "6.18.5\n");
  using acquired = acquire(kernel, { ...ASKED, runStats: "off" });
  assertEquals(acquired.facts.kernelRelease, "6.18.5");
  assertEquals(acquired.facts.kernelBtf, {
    reason: "open of /sys/kernel/btf/vmlinux failed: ENOENT",
  });
  using without = acquire(new FakeKernel(), { ...ASKED, runStats: "off" });
  assertEquals("kernelRelease" in without.facts, false);
});

Deno.test("acquire() says that a capability is no good where the kernel refuses all the same", () => {
  const kernel = new FakeKernel();
  kernel.fail(BPF.PROG_GET_NEXT_ID, EPERM);
  using acquired = acquire(kernel, { ...ASKED, runStats: "off" });
  const [missing] = acquired.facts.missing;
  assertEquals(missing.capability, "CAP_SYS_ADMIN");
  assertStringIncludes(missing.how, "initial user namespace");
});

/** What is kept, and what the collectors may still do. */
function keptBy(
  kernel: FakeKernel,
  asked: Partial<AcquireOptions> = {},
  unprivileged: Unprivileged = (probe) => probe(),
) {
  using acquired = acquire(
    kernel,
    { ...ASKED, runStats: "off", ...asked },
    unprivileged,
  );
  const { keep, iterators: { mayWalk, mayListBtf }, refused } = acquired;
  return { keep, mayWalk, mayListBtf, refused };
}

const IN_REACH = {
  keep: [],
  mayWalk: true,
  mayListBtf: true,
  refused: undefined,
};
const NOTHING = { ...IN_REACH, mayWalk: false, mayListBtf: false };
const WALKING = "CAP_SYS_ADMIN" as const;

Deno.test("acquire() keeps no capability where the iterators work, and takes BTF while it can", () => {
  const kernel = new FakeKernel().giveIterators();
  assertEquals(keptBy(kernel), NOTHING);
  assertEquals(keptBy(kernel, { backend: "iterator" }), NOTHING);
  using acquired = acquire(kernel, { ...ASKED, runStats: "on" });
  assertEquals(acquired.btfAtStart, []);
  assertEquals(kernel.fds.numbers, [...acquired.fds].sort((a, b) => a - b));
  const { ownIds } = acquired;
  assertEquals([ownIds.program.length, ownIds.link.length], [8, 8]);
});

Deno.test("acquire() keeps CAP_SYS_ADMIN for the walk, where it is asked for or nothing else works", () => {
  assertEquals(
    keptBy(new FakeKernel().giveIterators(), { backend: "walk" }),
    {
      ...IN_REACH,
      keep: [{
        capability: WALKING,
        why: "--backend walk opens every object by its id",
      }],
    },
  );
  assertEquals(keptBy(new FakeKernel()), {
    ...IN_REACH,
    keep: [{
      capability: WALKING,
      why: "no iterator works here, and the walk opens every object by its id",
    }],
  });
});

Deno.test("acquire() keeps nothing for a walk that is refused anyway", () => {
  assertEquals(keptBy(new FakeKernel({ privileged: false })), IN_REACH);
  const refusing = new FakeKernel();
  refusing.fail(BPF.PROG_GET_NEXT_ID, EPERM);
  assertEquals(keptBy(refusing), IN_REACH);
});

Deno.test("acquire() walks nothing beside iterators over some types only, once privileges are gone", () => {
  const kernel = new FakeKernel().giveIterators(["bpf_iter_bpf_link"]);
  assertEquals(keptBy(kernel), NOTHING);
});

Deno.test("acquire() leaves everything in reach where privileges are kept", () => {
  const kernel = new FakeKernel().giveIterators();
  const keepPrivileges = true;
  assertEquals(keptBy(kernel, { keepPrivileges }), IN_REACH);
  assertEquals(
    keptBy(kernel, { keepPrivileges, backend: "iterator" }),
    { ...IN_REACH, mayWalk: false },
  );
  assertEquals(keptBy(kernel, { keepPrivileges, backend: "walk" }), IN_REACH);
});

Deno.test("acquire() keeps what BPF_ITER_CREATE asks for, where nothing could be pinned", () => {
  function kernel(): FakeKernel {
    const made = new FakeKernel().giveIterators();
    made.fail(BPF.OBJ_PIN, EPERM);
    return made;
  }
  const free = kernel();
  assertEquals(keptBy(free), NOTHING);
  const gated = kernel();
  const [kept] = keptBy(gated, {}, (probe) => {
    gated.fail(BPF.ITER_CREATE, EPERM);
    try {
      return probe();
    } finally {
      gated.clearFaults();
    }
  }).keep;
  assertEquals(kept, {
    capability: "CAP_BPF",
    why:
      "no iterator could be pinned, and this kernel asks for it at BPF_ITER_CREATE",
  });
  for (const each of [free, gated]) assertEquals(each.openFds, 0);
});

Deno.test("acquire() refuses where iterators are asked for and there are none", () => {
  assertEquals(
    keptBy(new FakeKernel(), { backend: "iterator" }).refused,
    "Cannot use backend iterator: maps: no iterators without BTF: open of /sys/kernel/btf/vmlinux failed: ENOENT; programs: no iterators without BTF: open of /sys/kernel/btf/vmlinux failed: ENOENT; links: no iterators without BTF: open of /sys/kernel/btf/vmlinux failed: ENOENT",
  );
});
