/**
 * Owns the tests of ffi/privilege/drop.ts. In: threads that a test makes up. Out: assertions on what is left, and on the order.
 * @module
 */
import { assertEquals } from "@std/assert";
import { EINVAL, EPERM } from "../../../../ffi/errno.ts";
import { dropPrivileges } from "../../../../ffi/mod.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";
import {
  bit,
  FakeProcessControl,
  type FakeThread,
} from "../../../fakes/fake_process_control.ts";

const CAP_SETUID = 7;
const CAP_SETPCAP = 8;
const CAP_PERFMON = 38;
const CAP_BPF = 39;
const ALL = (1n << 41n) - 1n;
const NOBODY = { uid: 65534, gid: 65534, name: "nobody" };

function thread(options?: FakeThread): FakeProcessControl {
  return new FakeProcessControl(new FakeKernel(), options);
}

/** Exactly `set` is left, and nothing that could give more. */
function assertHolds(control: FakeProcessControl, set: bigint): void {
  assertEquals(control.sets, {
    effective: set,
    permitted: set,
    inheritable: set,
  });
  assertEquals(control.ambient, set);
  assertEquals(control.noNewPrivs, true);
}

/** The calls that change something, each run of equal ones once. */
function steps(control: FakeProcessControl): string[] {
  const names: Record<string, string> = {
    "prctl 24": "bounding",
    "prctl 28": "securebits",
    "prctl 38": "no_new_privs",
    "prctl 47 2": "ambient",
    "prctl 47 1": "",
    capget: "",
  };
  return control.calls.map((call) => {
    const key = Object.keys(names).find((start) => call.startsWith(start));
    return key === undefined ? call : names[key];
  }).filter((step, index, all) => step !== "" && step !== all[index - 1]);
}

Deno.test("dropPrivileges() takes its steps in the one order that works", () => {
  const control = thread({ groups: [4, 27] });
  const why = dropPrivileges(control, { keep: ["CAP_BPF"], user: NOBODY });
  assertEquals(why, undefined);
  assertEquals(steps(control), [
    "capset",
    "ambient",
    "securebits",
    "bounding",
    "no_new_privs",
    "setgroups",
    "setresgid",
    "setresuid",
    "capset",
  ]);
  assertHolds(control, bit(CAP_BPF));
  assertEquals(control.securebits, 0xef);
  assertEquals(control.bounding, 0n);
  assertEquals([control.uid, control.gid, control.supplementary], [
    65534,
    65534,
    [],
  ]);
});

Deno.test("dropPrivileges() leaves nothing where nothing is kept, and the user as it is", () => {
  const control = thread({ groups: [4] });
  assertEquals(dropPrivileges(control, { keep: [] }), undefined);
  assertHolds(control, 0n);
  assertEquals([control.uid, control.supplementary], [0, [4]]);
});

Deno.test("dropPrivileges() passes over what needs CAP_SETPCAP where that is not held", () => {
  for (const user of [undefined, NOBODY]) {
    const control = thread({ capabilities: ALL & ~bit(CAP_SETPCAP) });
    const options = { keep: ["CAP_PERFMON"] as const, ...(user && { user }) };
    assertEquals(dropPrivileges(control, options), undefined);
    assertHolds(control, bit(CAP_PERFMON));
    assertEquals(control.uid, user ? 65534 : 0);
    assertEquals(control.bounding, ALL);
  }
});

Deno.test("dropPrivileges() lowers ambient capabilities that are not kept", () => {
  const held = bit(CAP_BPF, CAP_PERFMON);
  const user = { uid: 65534, gid: 65534, capabilities: held, ambient: held };
  const none = thread(user);
  assertEquals(dropPrivileges(none, { keep: [] }), undefined);
  assertHolds(none, 0n);
  const one = thread(user);
  // Locked by whoever started it: what is raised stays raised.
  one.securebits = 0xc0;
  assertEquals(dropPrivileges(one, { keep: ["CAP_BPF"] }), undefined);
  assertHolds(one, bit(CAP_BPF));
});

Deno.test("dropPrivileges() cannot keep what is not held", () => {
  const control = thread({ uid: 65534, gid: 65534, capabilities: 0n });
  const options = { keep: ["CAP_SYS_ADMIN"] as const, user: NOBODY };
  assertEquals(dropPrivileges(control, options), undefined);
  assertHolds(control, 0n);
});

Deno.test("dropPrivileges() says why it cannot become another user", () => {
  const lacking = thread({ capabilities: ALL & ~bit(CAP_SETUID) });
  assertEquals(
    dropPrivileges(lacking, { keep: [], user: NOBODY }),
    "Cannot give up all privileges: setresuid to become user nobody failed with EPERM",
  );
  // Its own user, but with a group too many that it may not leave.
  const grouped = thread({ ...NOBODY, capabilities: 0n, groups: [0] });
  assertEquals(
    dropPrivileges(grouped, { keep: [], user: NOBODY }),
    "Cannot give up all privileges: setgroups to become user nobody failed with EPERM",
  );
});

Deno.test("dropPrivileges() says which step the kernel refused", () => {
  const steps = {
    capget: ["capget", EPERM],
    capset: ["capset", EPERM],
    "prctl 47 2": ["PR_CAP_AMBIENT_RAISE", EPERM],
    "prctl 28": ["PR_SET_SECUREBITS", EINVAL],
    "prctl 24": ["PR_CAPBSET_DROP", 38],
    "prctl 38": ["PR_SET_NO_NEW_PRIVS", EINVAL],
    setresgid: ["setresgid to become user nobody", EPERM],
  } as const;
  for (const [call, [name, errno]] of Object.entries(steps)) {
    const control = thread();
    control.fail(call, errno);
    const errnoText = { [EPERM]: "EPERM", [EINVAL]: "EINVAL", 38: "ENOSYS" };
    assertEquals(
      dropPrivileges(control, { keep: ["CAP_BPF"], user: NOBODY }),
      `Cannot give up all privileges: ${name} failed with ${errnoText[errno]}`,
    );
  }
});

Deno.test("dropPrivileges() does not trust a kernel that says it did", () => {
  const control = thread();
  control.setCapabilities = () => 0;
  assertEquals(
    dropPrivileges(control, { keep: [] }),
    "Cannot give up all privileges: expected capabilities 0, found 1ffffffffff",
  );
});
