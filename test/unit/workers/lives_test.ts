/** Owns the tests of workers/lives.ts. In: one process in the memory of a fake kernel. Out: assertions on both of its lives. */
import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertThrows,
} from "@std/assert";
import { seal } from "../../../ffi/mod.ts";
import {
  acquire,
  type Acquired,
  type AcquireOptions,
} from "../../../workers/acquire.ts";
import { type Lives, livesOf } from "../../../workers/lives.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";
import {
  bit,
  FakeProcessControl,
  type FakeThread,
} from "../../fakes/fake_process_control.ts";

const VARIABLE = "BPFPULSE_TEST_HANDLES";
const EACCES = 13;
const EINVAL = 22;
const ENFILE = 23;
const CAP_SYS_ADMIN = 21;
const NOTE = { text: "ä\u{1f41d}\0\n\"'", list: [1, 2], none: null };

/** A process, for as long as a test takes. */
class Process implements Disposable {
  readonly kernel = new FakeKernel().giveIterators();
  readonly control: FakeProcessControl;
  opened = 0;

  constructor(thread?: FakeThread) {
    this.control = new FakeProcessControl(this.kernel, thread);
    this.kernel.files.addFile("/proc/self/cmdline", "bpfpulse\0--a=b c\0");
  }

  /** As the main thread has it, in either life. */
  lives(): Lives {
    return livesOf(this.kernel, VARIABLE, () => {
      this.opened++;
      return this.control;
    });
  }

  /** Its descriptors are closed by execve(2), as libc.ts opens them. */
  acquire(options: Partial<AcquireOptions> = {}): Acquired {
    const acquired = acquire(this.kernel, {
      runStats: "on",
      backend: "auto",
      keepPrivileges: false,
      ...options,
    }, this.lives().unprivileged);
    for (const fd of this.kernel.fds.numbers) this.control.closeOnExec.add(fd);
    return acquired;
  }

  /** What is in a memfd whose number the variable has. */
  leave(text: string): void {
    Deno.env.set(VARIABLE, String(seal(this.control, text)));
  }

  [Symbol.dispose](): void {
    Deno.env.delete(VARIABLE);
  }
}

Deno.test("livesOf() hands over what was acquired and the note, as they were", () => {
  using process = new Process();
  using acquired = process.acquire();
  const sentence = process.lives().handOver({ acquired, note: NOTE }, {
    fds: [],
  });
  // The fake executes nothing and refuses.
  assertMatch(sentence, /^Cannot execute the agent again: .* EINVAL$/);
  assertEquals(process.control.executed[0], {
    path: "/opt/agent",
    strings: ["bpfpulse", "--a=b c"],
  });
  assertMatch(Deno.env.get(VARIABLE) ?? "", /^\d+$/);

  process.kernel.privileged = false;
  const left = process.lives().takeOver<typeof NOTE>();
  assert(typeof left === "object", String(left));
  assertEquals(left.note, NOTE);
  const { facts, ...rest } = left.acquired;
  const { facts: factsBefore, ...before } = acquired;
  assertEquals(rest, JSON.parse(JSON.stringify(before)));
  assertEquals(facts, {
    ...JSON.parse(JSON.stringify(factsBefore)),
    privileges: { dropped: true, held: [] },
  });
  assertEquals(Deno.env.has(VARIABLE), false);
  assertEquals(process.lives().takeOver(), undefined);
});

Deno.test("handOver() leaves exactly what is handed over open across execve(2), and takeOver() closes it there again", () => {
  using process = new Process();
  const { kernel, control } = process;
  using acquired = process.acquire();
  const other = kernel.open("/proc/self/cmdline");
  const listener = kernel.open("/proc/self/cmdline");
  for (const fd of [other, listener]) control.closeOnExec.add(fd);
  const before = kernel.fds.numbers;
  process.lives().handOver({ acquired, note: {} }, { fds: [listener] });
  const memfd = Number(Deno.env.get(VARIABLE));
  assertEquals(
    kernel.fds.numbers.filter((fd) => !control.closeOnExec.has(fd)).toSorted(),
    [...acquired.fds, listener, memfd].toSorted(),
  );
  assert(acquired.fds.length > 10);

  process.lives().takeOver();
  for (const fd of acquired.fds) assert(control.closeOnExec.has(fd), `${fd}`);
  assertEquals(kernel.fds.numbers, before);
});

Deno.test("handOver() gives everything up before it executes anything", () => {
  using process = new Process();
  const { control } = process;
  using acquired = process.acquire();
  process.lives().handOver({ acquired, note: {} }, { fds: [] });
  const { calls } = control;
  const executed = calls.indexOf("execve /opt/agent");
  const noNewPrivs = calls.indexOf("prctl 38 1 0");
  const lastMark = calls.lastIndexOf("fcntl 2", executed);
  assertLess(lastMark, noNewPrivs);
  assertLess(noNewPrivs, executed);
  assertLess(calls.lastIndexOf("capset"), executed);
  assertEquals(control.sets.permitted, 0n);
  assertEquals(control.noNewPrivs, true);
});

Deno.test("handOver() keeps what sampling needs, and becomes the user", () => {
  using process = new Process();
  const { control } = process;
  using acquired = process.acquire({ backend: "walk" });
  const user = { uid: 65534, gid: 65534, name: "nobody" };
  process.lives().handOver({ acquired, note: {} }, { fds: [], user });
  assertEquals(control.sets.permitted, bit(CAP_SYS_ADMIN));
  assertEquals([control.uid, control.gid], [65534, 65534]);

  const left = process.lives().takeOver();
  assert(typeof left === "object", String(left));
  const { dropped, held } = left.acquired.facts.privileges;
  assertEquals(dropped, true);
  assertEquals(
    held.find(({ capability }) => capability === "CAP_SYS_ADMIN")?.why,
    "--backend walk opens every object by its id",
  );
});

Deno.test("handOver() executes nothing after a drop that failed, and says what failed", () => {
  using process = new Process();
  using acquired = process.acquire();
  process.control.fail("prctl 38", EINVAL);
  assertEquals(
    process.lives().handOver({ acquired, note: {} }, { fds: [] }),
    "Cannot give up all privileges: PR_SET_NO_NEW_PRIVS failed with EINVAL",
  );
  assertEquals(process.control.executed, []);
});

Deno.test("handOver() gives up nothing where nothing can be handed over", () => {
  using process = new Process();
  using acquired = process.acquire();
  process.control.fail("memfd_create", ENFILE);
  assertEquals(
    process.lives().handOver({ acquired, note: {} }, { fds: [] }),
    "Cannot begin a life without privileges: memfd_create failed with ENFILE",
  );
  assertEquals(process.control.executed, []);
  assertEquals(process.control.noNewPrivs, false);
  assertEquals(Deno.env.has(VARIABLE), false);
});

Deno.test("takeOver() refuses another version, and what is no estate, in one sentence each", () => {
  const foreign = [
    '{"version":2,"acquired":{"fds":[]},"note":{}}',
    '{"acquired":{"fds":[]}}',
    '{"version":1}',
    '{"version":1,"acquired":{"fds":3}}',
    "null",
    "garbage",
    "",
  ];
  for (const text of foreign) {
    using process = new Process();
    process.leave(text);
    assertEquals(
      process.lives().takeOver(),
      `Cannot take over what an earlier life left: expected that of this version of bpfpulse, found something else; unset ${VARIABLE}, which bpfpulse sets for itself`,
      text,
    );
    assertEquals(Deno.env.has(VARIABLE), false);
    assertEquals(process.kernel.openFds, 0);
  }
});

Deno.test("takeOver() refuses a variable that names no memfd of its own, in one sentence", () => {
  for (const value of ["", "x", "-1", "3.5", "99", "99999999999", "\x1b[31m"]) {
    using process = new Process();
    Deno.env.set(VARIABLE, value);
    const sentence = process.lives().takeOver();
    assertMatch(
      String(sentence),
      /^Cannot take over [ -~]+; unset BPFPULSE_TEST_HANDLES, which bpfpulse sets for itself$/,
    );
    assertEquals(Deno.env.has(VARIABLE), false);
  }
});

Deno.test("livesOf() opens nothing before it is used, and then once", () => {
  using process = new Process();
  const lives = process.lives();
  assertEquals(lives.takeOver(), undefined);
  assertEquals(lives.firstUnprivilegedPort(), 1024);
  lives.close(99);
  assertEquals(process.opened, 0);
  assertEquals(lives.hasPrivileges(), true);
  lives.holdSignals();
  assertEquals(process.opened, 1);
});

Deno.test("holdSignals() holds SIGHUP, SIGINT and SIGTERM until they are released", () => {
  using process = new Process();
  process.lives().holdSignals();
  assertEquals([...process.control.masked].sort(), [1, 15, 2]);
  process.lives().releaseSignals();
  assertEquals(process.control.masked.size, 0);
});

Deno.test("hasPrivileges() counts what could be had again, and what is not known", () => {
  using none = new Process({ capabilities: 0n });
  assertEquals(none.lives().hasPrivileges(), false);
  none.control.fail("capget", EINVAL);
  assertEquals(none.lives().hasPrivileges(), true);
  using idle = new Process();
  idle.control.sets = { ...idle.control.sets, effective: 0n };
  assertEquals(idle.lives().hasPrivileges(), true);
});

Deno.test("firstUnprivilegedPort() is the kernel's", () => {
  using process = new Process();
  const path = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
  process.kernel.files.addFile(path, "0\n");
  assertEquals(process.lives().firstUnprivilegedPort(), 0);
});

Deno.test("unprivileged() has nothing in force during the probe alone, whatever becomes of it", () => {
  using process = new Process();
  const { control } = process;
  const { unprivileged } = process.lives();
  const before = control.sets;
  assertEquals(unprivileged(() => control.sets.effective), 0n);
  assertEquals(control.sets, before);
  assertThrows(() =>
    unprivileged(() => {
      throw new RangeError("of the probe");
    }), RangeError);
  assertEquals(control.sets, before);
  control.fail("capget", EINVAL);
  assertEquals(unprivileged(() => "asked all the same"), "asked all the same");
});

Deno.test("bind() and duplicate() answer a descriptor or the name of the errno", () => {
  using process = new Process();
  const { control, kernel } = process;
  const lives = process.lives();
  const tcp = lives.bind({ host: "127.0.0.1", port: 80 }, 16);
  assertEquals(
    control.sockets.get(Number(tcp))?.slice(-2),
    [`bind ${"020000507f000001".padEnd(32, "0")}`, "listen 16"],
  );
  const unix = lives.bind({ path: "/run/a" }, 16);
  assertMatch(
    control.sockets.get(Number(unix))?.at(-2) ?? "",
    /^bind 01002f72756e2f6100$/,
  );
  assertEquals(lives.bind({ host: "not.an.address", port: 80 }, 16), "EINVAL");
  control.fail("bind", EACCES);
  assertEquals(lives.bind({ host: "::1", port: 80 }, 16), "EACCES");

  const fd = kernel.open("/proc/self/cmdline");
  const copy = Number(lives.duplicate(fd));
  assert(copy !== fd && control.closeOnExec.has(copy));
  lives.close(copy);
  assertEquals(kernel.fds.numbers, [fd]);
  assertEquals(lives.duplicate(copy), "EBADF");
});
