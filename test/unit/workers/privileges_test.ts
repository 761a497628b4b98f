/** Owns the tests of workers/privileges.ts. @module */
import { assertEquals, assertMatch } from "@std/assert";
import { BPF, EPERM } from "../../../ffi/mod.ts";
import {
  mayWalkIds,
  privilegesNow,
  whatIsMissing,
} from "../../../workers/privileges.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

/** A kernel whose thread has `set`, as 16 digits, in its effective set. */
function holding(set: string): FakeKernel {
  const kernel = new FakeKernel();
  kernel.files.addFile("/proc/thread-self/status", `CapEff:\t${set}\n`);
  return kernel;
}

const ADMIN_AND_BPF = "0000008000200000";

Deno.test("privilegesNow() names nothing once all is given up", () => {
  const kernel = holding("0000000000000000");
  assertEquals(privilegesNow(kernel, true, []), { dropped: true, held: [] });
});

Deno.test("privilegesNow() says of each capability why it is there still", () => {
  const why = "--backend walk opens every object by its id";
  const kept = [{ capability: "CAP_SYS_ADMIN", why }] as const;
  assertEquals(privilegesNow(holding(ADMIN_AND_BPF), true, kept), {
    dropped: true,
    held: [
      { capability: "CAP_SYS_ADMIN", why },
      { capability: "CAP_BPF", why: "it could not be given up" },
    ],
  });
  assertEquals(privilegesNow(holding(ADMIN_AND_BPF), false, []).held, [
    { capability: "CAP_SYS_ADMIN", why: "--keep-privileges" },
    { capability: "CAP_BPF", why: "--keep-privileges" },
  ]);
});

Deno.test("privilegesNow() does not name what was to be kept and is not held", () => {
  const kept = [{ capability: "CAP_BPF", why: "asked for" }] as const;
  assertEquals(privilegesNow(holding("0000000000200000"), true, kept).held, [
    { capability: "CAP_SYS_ADMIN", why: "it could not be given up" },
  ]);
});

Deno.test("mayWalkIds() asks the kernel, not the capabilities", () => {
  assertEquals(mayWalkIds(new FakeKernel()), true);
  assertEquals(mayWalkIds(new FakeKernel({ privileged: false })), false);
  const refusing = new FakeKernel();
  refusing.fail(BPF.PROG_GET_NEXT_ID, EPERM);
  assertEquals(mayWalkIds(refusing), false);
});

Deno.test("whatIsMissing() is nothing where ids may be listed", () => {
  assertEquals(whatIsMissing(new Set(), false, true), []);
});

Deno.test("whatIsMissing() promises of a capability what iterators do not give already", () => {
  const [walked] = whatIsMissing(new Set(), false, false);
  assertEquals(walked.capability, "CAP_SYS_ADMIN");
  assertMatch(walked.gives, /^every map, program, link and BTF object/);
  assertMatch(walked.how, /^start bpfpulse as root/);
  const [iterated] = whatIsMissing(
    new Set(["CAP_BPF", "CAP_PERFMON"] as const),
    true,
    false,
  );
  assertMatch(iterated.gives, /^run-time statistics, and BTF objects that no/);
  const [refused] = whatIsMissing(
    new Set(["CAP_SYS_ADMIN"] as const),
    false,
    false,
  );
  assertMatch(refused.how, /^the kernel refuses the one that it has/);
});
