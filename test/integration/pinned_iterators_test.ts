/**
 * Iterators read through pins that nobody sees: without a bpf() call while they can be opened, by BPF_ITER_CREATE
 * otherwise.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  EACCES,
  iterationsOf,
  type IterationSource,
  IteratorSession,
  type KernelPort,
  listDirectory,
  type OpenIterator,
  openLibc,
} from "../../ffi/mod.ts";
import { openIterators } from "../../workers/iterators.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { kernelTest } from "../kernel/skip.ts";

const noBtf = kernelBtf() === undefined ? "the kernel has no BTF" : undefined;

/** `kernel`, and how often bpf() was called. */
function counting(kernel: KernelPort, refused: (path: string) => boolean) {
  const calls = { bpf: 0 };
  const port: KernelPort = {
    ...kernel,
    bpf(command, attr, size) {
      calls.bpf++;
      return kernel.bpf(command, attr, size);
    },
    open: (path, flags) => refused(path) ? -EACCES : kernel.open(path, flags),
  };
  return { port, calls };
}

function pinned(kernel: KernelPort): {
  opened: ReturnType<typeof openIterators>;
  tick: OpenIterator;
} {
  const opened = openIterators(kernel, false);
  const { map } = opened.iterators;
  assert(typeof map !== "string", String(map));
  return { opened, tick: map.tick };
}

function count(kernel: KernelPort, source: IterationSource, bytes: number) {
  const session = new IteratorSession(kernel, source, bytes);
  return [session.run(), session.count] as const;
}

kernelTest(
  "iterationsOf() a pinned link makes no bpf() call, again and again",
  () => {
    const { port, calls } = counting(openLibc(), () => false);
    const { opened, tick } = pinned(port);
    using _ = opened;
    assert(tick.pinFd !== undefined, "it was not pinned");
    const source = iterationsOf(port, tick);
    calls.bpf = 0;
    for (let i = 0; i < 3; i++) {
      const [failure, objects] = count(port, source, tick.recordBytes);
      assertEquals(failure, undefined);
      assertGreater(objects, 0);
    }
    assertEquals([calls.bpf, source.call], [0, "open() of a pinned link"]);
  },
  noBtf,
);

kernelTest(
  "iterationsOf() takes BPF_ITER_CREATE while the pin cannot be opened, and keeps to what works",
  () => {
    let refuses = true;
    const { port, calls } = counting(
      openLibc(),
      (path) => refuses && path.startsWith("/proc/self/fd/"),
    );
    const { opened, tick } = pinned(openLibc());
    using _ = opened;
    const source = iterationsOf(port, tick);
    assertEquals(count(port, source, tick.recordBytes)[0], undefined);
    assertEquals([calls.bpf, source.call], [1, "BPF_ITER_CREATE"]);
    refuses = false;
    count(port, source, tick.recordBytes);
    assertEquals(calls.bpf, 2);
  },
  noBtf,
);

kernelTest(
  "PinPlace leaves nothing in /sys/fs/bpf, on the mounts, or among the descriptors",
  () => {
    const kernel = openLibc();
    const mounts = Deno.readTextFileSync("/proc/self/mountinfo");
    const entries = listDirectory(kernel, "/sys/fs/bpf");
    const fds = listDirectory(kernel, "/proc/self/fd");
    {
      const { opened } = pinned(kernel);
      using _ = opened;
      assertEquals(Deno.readTextFileSync("/proc/self/mountinfo"), mounts);
      assertEquals(listDirectory(kernel, "/sys/fs/bpf"), entries);
    }
    assertEquals(listDirectory(kernel, "/proc/self/fd"), fds);
  },
  noBtf,
);
