/**
 * Owns the opening of what tells who keeps objects alive: programs over open files, over own descriptors of pins, and over references
 * between objects. In: a port, the kernel's BTF, a place for pins. Out: each as plain data, or one sentence why there is none.
 * @module
 */
import {
  type Btf,
  EDGE_FUNCTIONS,
  EDGE_STRUCTS,
  EDGE_TABLES,
  edgePlan,
  FILE_STRUCTS,
  filePlan,
  type KernelPort,
  learnFileKinds,
  type OpenIterator,
  openProgram,
  ownProcess,
  pinned,
  type PinPlace,
  pinPlan,
} from "../ffi/mod.ts";
import { ITERATED_TYPES, type IteratedType } from "./protocol.ts";

/** Plain data. */
export interface HolderIterators {
  readonly files: OpenIterator | string;
  readonly pins: OpenIterator | string;
  /** By type of who refers. */
  readonly references: Readonly<Record<IteratedType, OpenIterator | string>>;
}

/** What Btf.scan() is to look for. */
export const HOLDER_STRUCTS: readonly string[] = [
  ...FILE_STRUCTS,
  ...EDGE_STRUCTS,
];
export const HOLDER_FUNCTIONS: readonly string[] = [
  "bpf_iter_task_file",
  ...EDGE_FUNCTIONS,
];

/** @param open gets all that was opened */
export function openHolders(
  kernel: KernelPort,
  types: Btf,
  pins: PinPlace,
  open: OpenIterator[],
): HolderIterators | string {
  if (types.functionId("bpf_iter_task_file") === undefined) {
    return "this kernel has no iterator over task_file";
  }
  const keep = (answer: OpenIterator | string) => {
    const kept = pinned(answer, pins);
    if (typeof kept !== "string") open.push(kept);
    return kept;
  };
  const kinds = learnFileKinds(kernel, types, pins);
  const references = ITERATED_TYPES.map((type) =>
    [
      type,
      keep(openProgram(kernel, types, edgePlan(types, EDGE_TABLES[type]))),
    ] as const
  );
  return {
    files: typeof kinds === "string"
      ? kinds
      : keep(openProgram(kernel, types, filePlan(types, kinds))),
    pins: typeof kinds === "string" ? kinds : keep(openProgram(
      kernel,
      types,
      pinPlan(types, kinds, ownProcess(kernel)),
    )),
    references: Object.fromEntries(references) as Record<
      IteratedType,
      OpenIterator | string
    >,
  };
}
