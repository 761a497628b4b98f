/**
 * Owns on which CPU the calling thread runs. In: a CPU. Out: the thread is there until the end of a `using` block.
 * Source: sched_setaffinity(2), of the calling thread alone.
 * @module
 */
import { assertEquals } from "@std/assert";

/** Up to 1024 CPUs. */
const MASK_BYTES = 128;

export class OnCpu implements Disposable {
  readonly #before: Uint8Array<ArrayBuffer>;

  constructor(cpu: number) {
    this.#before = affinity("get", new Uint8Array(MASK_BYTES));
    const mask = new Uint8Array(MASK_BYTES);
    mask[cpu >> 3] = 1 << (cpu & 7);
    affinity("set", mask);
  }

  [Symbol.dispose](): void {
    affinity("set", this.#before);
  }
}

/** CPUs that the calling thread may run on. */
export function allowedCpus(): number[] {
  const mask = affinity("get", new Uint8Array(MASK_BYTES));
  return Array.from({ length: MASK_BYTES * 8 }, (_, cpu) => cpu)
    .filter((cpu) => (mask[cpu >> 3] & 1 << (cpu & 7)) !== 0);
}

function affinity(
  what: "get" | "set",
  mask: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const form = {
    parameters: ["i32", "usize", "buffer"],
    result: "i32",
  } as const;
  const libc = Deno.dlopen("libc.so.6", {
    sched_getaffinity: form,
    sched_setaffinity: form,
  });
  try {
    const call = libc.symbols[`sched_${what}affinity`];
    assertEquals(call(0, BigInt(MASK_BYTES), mask), 0, `sched_${what}affinity`);
    return mask;
  } finally {
    libc.close();
  }
}
