import { assertEquals } from "@std/assert";
import { BPF, EMFILE, EPERM } from "../../../../ffi/mod.ts";
import { CHECK_NAMES } from "../../../../src/check_names.ts";
import {
  check,
  type CheckOptions,
  type CheckRow,
} from "../../../../src/commands/check.ts";
import type { HoldersPass } from "../../../../workers/links/holders_model.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";
import { aBuffersPass, type BuffersGiven } from "../../../buffer_builders.ts";
import { someFacts } from "../../../state_builders.ts";
import { aPass } from "../../../pass_builders.ts";
import { looked, NOT_PERMITTED, onceOptions } from "./command_ports.ts";

const FACTS = someFacts({
  kernelRelease: "6.18.5",
  kernelBtf: { sizeBytes: 4096 },
});

function options(
  kernel: FakeKernel,
  given: Partial<CheckOptions> = {},
): CheckOptions {
  return {
    ...looked(onceOptions(kernel), aPass()),
    facts: FACTS,
    require: [],
    ...given,
    format: "json",
  };
}

/** The fake kernel has no iterators; these buffers are told of as if it had. */
function withBuffers(
  options: CheckOptions,
  buffers: BuffersGiven = {},
): CheckOptions {
  return {
    ...options,
    sample(sink) {
      const rounds = options.sample(sink);
      const pass = aBuffersPass(buffers);
      sink({ kind: "buffers", epoch: 2, pass }, "maps");
      return rounds;
    },
  };
}

function rowsOf(
  kernel: FakeKernel,
  given: Partial<CheckOptions> = {},
): Map<string, CheckRow> {
  const asked = withBuffers(options(kernel, given));
  const { checks } = JSON.parse(check(asked).stdout);
  return new Map(checks.map((row: CheckRow) => [row.name, row]));
}

function missing(rows: Map<string, CheckRow>): string[] {
  return [...rows.values()].flatMap(({ ok, name }) => ok ? [] : [name]);
}

/** The fake kernel has no iterators. */
const BY_WALK = ["map-entries"];

Deno.test("check() has a row for each name that can be required, all good as root but what the walk lacks", () => {
  const rows = rowsOf(new FakeKernel());
  assertEquals([...rows.keys()], [...CHECK_NAMES]);
  assertEquals(missing(rows), BY_WALK);
  assertEquals(
    [...rows.values()].flatMap(({ name, remedy }) => remedy ? [name] : []),
    BY_WALK,
  );
});

Deno.test("check() tries: what cannot be sampled is missing whatever the facts say", () => {
  const kernel = new FakeKernel();
  kernel.fail(BPF.PROG_GET_NEXT_ID, EPERM);
  const rows = rowsOf(kernel);
  assertEquals(missing(rows), [
    "programs",
    ...BY_WALK,
    "missed-runs",
    "verified-instructions",
  ]);
  assertEquals(rows.get("programs"), {
    name: "programs",
    gives: "every program: type, name, size, run time and runs",
    backend: "walk",
    ok: false,
    quality: "unavailable",
    reason: "BPF_PROG_GET_NEXT_ID failed: EPERM",
    remedy:
      "allow bpf() in the container's seccomp profile or the node's LSM policy",
  });
});

Deno.test("check() without privilege names the one thing that would give what is missing", () => {
  const rows = rowsOf(new FakeKernel({ privileged: false }), {
    facts: NOT_PERMITTED,
  });
  for (const name of ["privileges", "maps", "programs", "links", "run-stats"]) {
    assertEquals(rows.get(name)?.remedy, "start bpfpulse as root", name);
  }
});

Deno.test("check() tells old kernels from missing privileges", () => {
  const lacks = [BPF.LINK_GET_NEXT_ID, BPF.BTF_GET_NEXT_ID];
  const rows = rowsOf(new FakeKernel({ lacks }));
  assertEquals(missing(rows), ["links", "btf", ...BY_WALK]);
  assertEquals(rows.get("links")?.remedy, "run on Linux 5.8 or newer");
  assertEquals(rows.get("btf")?.remedy, "run on Linux 5.4 or newer");
  const none = rowsOf(new FakeKernel({ lacks: [BPF.MAP_GET_NEXT_ID] }));
  assertEquals(missing(none), ["kernel", "maps", ...BY_WALK]);
});

Deno.test("check() grades a table with objects that could not be opened as a lower bound", () => {
  const kernel = new FakeKernel();
  kernel.addMap({ id: 3 });
  kernel.addMap({ id: 4 });
  kernel.fail(BPF.MAP_GET_FD_BY_ID, EPERM, { times: 2 });
  const maps = rowsOf(kernel).get("maps");
  assertEquals([maps?.ok, maps?.quality], [true, "lower bound"]);
  assertEquals(
    maps?.reason.split(";").slice(0, 2),
    ["1 read", " 1 could not be opened (EPERM)"],
  );
});

Deno.test("check() says what was seen of holders, what was not, and how to get them", () => {
  const holders = (
    told: HoldersPass | string,
    facts: Partial<typeof FACTS> = {},
  ) => {
    const kernel = new FakeKernel();
    const { sample } = looked(onceOptions(kernel), told);
    const row = rowsOf(kernel, { sample, facts: { ...FACTS, ...facts } })
      .get("holders");
    return [row?.ok, row?.quality, row?.reason, row?.remedy];
  };
  const pins = [{ type: "map", id: 1, path: "/sys/fs/bpf/m" }] as const;
  assertEquals(holders({ ...aPass(), pins }), [
    true,
    "exact",
    "0 processes, 1 pin, 0 references read",
    undefined,
  ]);
  assertEquals(
    holders({
      ...aPass(),
      pins: "/sys/fs/bpf cannot be listed: EACCES",
      unknown: { map: "hash_of_maps of maps cannot be followed: old kernel" },
    }),
    [
      true,
      "lower bound",
      "0 processes, no pins, 0 references read; /sys/fs/bpf cannot be listed: EACCES; hash_of_maps of maps cannot be followed: old kernel",
      undefined,
    ],
  );
  const failed = (reason: string, facts: Partial<typeof FACTS> = {}) => {
    const [ok, quality, found, remedy] = holders(reason, facts);
    assertEquals([ok, quality, found], [false, "unavailable", reason]);
    return remedy;
  };
  const walked = rowsOf(new FakeKernel(), {
    sample: onceOptions(new FakeKernel()).sample,
  })
    .get("holders");
  assertEquals(walked?.reason, "the walk tells nothing of who holds objects");
  assertEquals(walked?.remedy, "bpfpulse --backend auto");
  assertEquals(
    failed("refused", { missing: NOT_PERMITTED.missing }),
    "start bpfpulse as root",
  );
  assertEquals(
    failed("this kernel has no iterator over task_file"),
    "run on Linux 5.8 or newer",
  );
  assertEquals(
    failed("no types", { kernelBtf: { reason: "ENOENT" } }),
    "run a kernel with CONFIG_DEBUG_INFO_BTF=y, and mount /sys",
  );
});

Deno.test("check() grades buffers by the events of the worst, and says how to get them where nobody can look", () => {
  const rowsWith = (
    buffers: BuffersGiven | undefined,
    given: Partial<CheckOptions> = {},
  ): CheckRow[] => {
    const kernel = new FakeKernel();
    kernel.addMap({ id: 3, type: "ringbuf" });
    kernel.addMap({ id: 4, type: "ringbuf" });
    const asked = options(kernel, given);
    const { stdout } = check(
      buffers === undefined ? asked : withBuffers(asked, buffers),
    );
    return JSON.parse(stdout).checks.filter(({ name }: CheckRow) =>
      name.endsWith("-buffers")
    );
  };
  const rings = [{ mapId: 3 }, { mapId: 4, coverage: 0.5 }];
  const told = ({ ok, backend, quality, reason, remedy }: CheckRow) => [
    ok,
    backend ?? "-",
    quality,
    reason,
    ...(remedy === undefined ? [] : [remedy]),
  ];
  assertEquals(
    rowsWith({ rings, unavailable: { perf: "no room" } }).map(told),
    [
      [
        true,
        "iterator",
        "estimated",
        "2 seen; the events of 1 are not exact",
      ],
      [false, "-", "unavailable", "no room", "bpfpulse --backend auto"],
    ],
  );
  const absent = "no iterators were opened";
  for (
    const [facts, remedy] of [
      [NOT_PERMITTED, "start bpfpulse as root"],
      [FACTS, "bpfpulse --backend auto"],
      [
        { ...FACTS, kernelBtf: { reason: "ENOENT" } },
        "run Linux 5.8 or newer, with CONFIG_DEBUG_INFO_BTF=y and /sys mounted",
      ],
    ] as const
  ) {
    const wanted = [false, "-", "unavailable", absent, remedy];
    assertEquals(rowsWith(undefined, { facts }).map(told), [wanted, wanted]);
  }
});

Deno.test("check() says how to get run-time statistics, by what is in the way", () => {
  const remedy = (runStats: typeof FACTS.runStats) =>
    rowsOf(new FakeKernel(), { facts: { ...FACTS, runStats } }).get("run-stats")
      ?.remedy;
  const off = { agent: false, sysctl: false, other: false };
  assertEquals(remedy(off), "bpfpulse --run-stats on");
  assertEquals(
    remedy({ ...off, reason: "BPF_ENABLE_STATS failed: EINVAL" }),
    "sysctl kernel.bpf_stats_enabled=1",
  );
  assertEquals(remedy({ ...off, sysctl: true }), undefined);
});

Deno.test("check() tells of windows how far numbers can be trusted", () => {
  const row = rowsOf(new FakeKernel(), {
    facts: {
      ...FACTS,
      runStats: {
        agent: true,
        window: { onMs: 100, everyMs: 1_000 },
        sysctl: false,
        other: true,
      },
    },
  }).get("run-stats");
  assertEquals([row?.ok, row?.quality, row?.totalsQuality, row?.reason], [
    true,
    "estimated",
    "lower bound",
    "bpfpulse keeps them for 100ms of every 1s: CPU shares are estimates, totals lower bounds, counted 10 % of the time; another process keeps them",
  ]);
});

Deno.test("check() tells what statistics cost here, or why that is not known", () => {
  const row = (runStats: typeof FACTS.runStats) =>
    rowsOf(new FakeKernel(), { facts: { ...FACTS, runStats } })
      .get("stats-cost");
  const measured = row({ agent: true, floorNs: 46.3, costNs: 68 });
  assertEquals([measured?.quality, measured?.reason], [
    "estimated",
    "they add 68 ns to each run of a program; they tell 46.3 ns of a run of an empty program",
  ]);
  const costReason = "somebody else kept statistics on at start";
  const not = row({ agent: true, floorNs: 46.3, costReason });
  assertEquals([not?.ok, not?.quality, not?.reason], [
    false,
    "unavailable",
    `what they cost cannot be measured: ${costReason}; they tell 46.3 ns of a run of an empty program`,
  ]);
  const off = row({ agent: false });
  assertEquals([off?.ok, off?.quality], [true, undefined]);
  assertEquals(
    row({ agent: true })?.reason,
    "measured when bpfpulse starts, where nobody else keeps them then",
  );
});

Deno.test("check() fails with one sentence for each thing that is required and missing", () => {
  const kernel = new FakeKernel({ lacks: [BPF.LINK_GET_NEXT_ID] });
  kernel.fail(BPF.PROG_GET_NEXT_ID, EMFILE);
  const { stderr, exitCode } = check(
    options(kernel, { require: ["maps", "programs", "links"] }),
  );
  assertEquals(stderr, [
    "Cannot do without programs: BPF_PROG_GET_NEXT_ID failed: EMFILE; to get it: raise the limit of open files: ulimit -n 65536, or LimitNOFILE= in the systemd unit",
    "Cannot do without links: BPF_LINK_GET_NEXT_ID failed: EINVAL; to get it: run on Linux 5.8 or newer",
  ]);
  assertEquals(exitCode, 1);
});

Deno.test("check() succeeds where what is missing is not required", () => {
  const kernel = new FakeKernel({ lacks: [BPF.LINK_GET_NEXT_ID] });
  const { stderr, exitCode } = check(options(kernel, { require: ["maps"] }));
  assertEquals([stderr, exitCode], [[], 0]);
});
