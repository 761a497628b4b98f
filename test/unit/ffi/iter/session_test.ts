import { assertEquals } from "@std/assert";
import {
  EACCES,
  EAGAIN,
  EINTR,
  EPERM,
  iterationsOf,
  type IterationSource,
  IteratorSession,
  type KernelPort,
} from "../../../../ffi/mod.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

const ITER_CREATE = 33;
const EIO = 5;
const RECORD_BYTES = 8;

/** What read() answers, one after the other, 0 at the end: so many bytes, or -errno. Bytes count up over all. */
function reads(...answers: number[]) {
  let next = 0;
  const seen = { closed: 0, opened: 0 };
  const kernel = new FakeKernel();
  const port: KernelPort = Object.assign(Object.create(kernel), {
    read(_fd: number, into: Uint8Array): number {
      const answer = answers.shift() ?? 0;
      for (let i = 0; i < answer; i++) into[i] = next++;
      return answer;
    },
    close: () => seen.closed++,
  });
  const source: IterationSource = {
    call: "open",
    calls: 0,
    open: () => ++seen.opened,
  };
  return { session: new IteratorSession(port, source, RECORD_BYTES), seen };
}

/** The first byte of each record. */
function firsts(session: IteratorSession): number[] {
  return Array.from(
    { length: session.count },
    (_, i) => session.view(i).getUint8(0),
  );
}

Deno.test("IteratorSession.run() joins short reads, even within a record", () => {
  const { session, seen } = reads(16, 4, 4, 8);
  assertEquals(session.run(), undefined);
  assertEquals(firsts(session), [0, 8, 16, 24]);
  assertEquals(seen, { opened: 1, closed: 1 });
});

Deno.test("IteratorSession.run() reads again after EAGAIN and EINTR", () => {
  const { session } = reads(-EAGAIN, 8, -EINTR, -EAGAIN, 8);
  assertEquals(session.run(), undefined);
  assertEquals(firsts(session), [0, 8]);
});

Deno.test("IteratorSession.run() gives up on an iteration that never ends, and closes it", () => {
  const { session, seen } = reads(...new Array(2_000).fill(-EAGAIN));
  assertEquals(session.run(), { call: "read of an iterator", errno: EAGAIN });
  assertEquals(seen.closed, 1);
});

Deno.test("IteratorSession.run() ends with the errno of a read that failed, and closes", () => {
  const { session, seen } = reads(8, -EIO);
  assertEquals(session.run(), { call: "read of an iterator", errno: EIO });
  assertEquals(seen.closed, 1);
});

Deno.test("IteratorSession.run() leaves out a record that was cut off", () => {
  const { session } = reads(8, 5);
  assertEquals(session.run(), undefined);
  assertEquals(session.count, 1);
});

Deno.test("IteratorSession.run() grows its buffer and keeps what was read", () => {
  const pieces = new Array(10).fill(32 * 1024);
  const { session } = reads(...pieces);
  assertEquals(session.run(), undefined);
  assertEquals(session.count, 10 * 32 * 1024 / RECORD_BYTES);
  assertEquals(
    firsts(session).every((byte, i) => byte === (i * RECORD_BYTES) % 256),
    true,
  );
});

Deno.test("IteratorSession.stream() gives every piece from index 0 on", () => {
  const { session } = reads(16, 8);
  const taken: number[][] = [];
  assertEquals(session.stream(() => taken.push(firsts(session))), undefined);
  assertEquals(taken, [[0, 8], [16]]);
});

Deno.test("IteratorSession.run() opens a second time, and fails when that fails too", () => {
  const answers = [-EPERM, -EACCES];
  const source: IterationSource = {
    call: "open",
    calls: 0,
    open: () => answers.shift() ?? 0,
  };
  const session = new IteratorSession(new FakeKernel(), source, RECORD_BYTES);
  assertEquals(session.run(), { call: "open", errno: EACCES });
  assertEquals(answers, []);
});

/** A fake kernel whose pins can be refused. */
function pinned(openErrno: () => number) {
  const kernel = new FakeKernel();
  let next = 100;
  const port: KernelPort = Object.assign(Object.create(kernel), {
    open: () => openErrno() === 0 ? next++ : -openErrno(),
    bpf: (command: number, attr: Uint8Array<ArrayBuffer>, size: number) =>
      kernel.bpf(command, attr, size),
  });
  return { kernel, source: iterationsOf(port, { linkFd: 7, pinFd: 8 }) };
}

Deno.test("iterationsOf() fails with the call that worked last where neither works", () => {
  let errno = EACCES;
  const { kernel, source } = pinned(() => errno);
  kernel.fail(ITER_CREATE, EPERM);
  assertEquals(source.open(), -EACCES);
  assertEquals([source.call, source.calls], ["open() of a pinned link", 2]);
  errno = 0;
  assertEquals(source.open(), 100);
  assertEquals(source.calls, 3);
});

Deno.test("iterationsOf() a link without a pin asks bpf() alone", () => {
  const kernel = new FakeKernel();
  kernel.fail(ITER_CREATE, EPERM);
  const source = iterationsOf(kernel, { linkFd: 7 });
  assertEquals(source.open(), -EPERM);
  assertEquals([source.call, source.calls], ["BPF_ITER_CREATE", 1]);
});
