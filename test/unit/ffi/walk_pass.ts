/**
 * Owns one pass of a walk over the fake kernel, as the tests of ffi/objects.ts watch it. In: a kernel, a kind, what a test
 * does in between. Out: what was visited, skipped, and how it ended; a descriptor left open fails the test.
 * @module
 */
import { assertEquals } from "@std/assert";
import type { ObjectKind } from "../../../ffi/bpf.ts";
import {
  ObjectWalk,
  type WalkFailure,
  type WalkVisitor,
} from "../../../ffi/objects.ts";
import { FakeKernel, type FakeKernelOptions } from "../../fakes/fake_kernel.ts";

/** What the workers ask for. */
export const INFO_BYTES = { map: 88, program: 232, link: 64, btf: 32 } as const;
export const KINDS: readonly ObjectKind[] = ["map", "program", "link", "btf"];

export interface Pass {
  readonly visited: number[];
  /** id and errno */
  readonly skipped: [number, number][];
  readonly failure: WalkFailure | undefined;
}

export function walk(
  kernel: FakeKernel,
  kind: ObjectKind,
  visitor: Partial<WalkVisitor> = {},
): Pass {
  const visited: number[] = [];
  const skipped: [number, number][] = [];
  const failure = new ObjectWalk(kernel, kind, INFO_BYTES[kind]).run({
    leaveOut: () => false,
    visit: (id) => void visited.push(id),
    skip: (id, errno) => void skipped.push([id, errno]),
    ...visitor,
  });
  assertEquals(kernel.openFds, 0, "descriptors left open");
  return { visited, skipped, failure };
}

/** Three maps: 5, 6, 9. */
export function threeMaps(options: FakeKernelOptions = {}): FakeKernel {
  const kernel = new FakeKernel(options);
  for (const id of [9, 5, 6]) kernel.addMap({ id });
  return kernel;
}
