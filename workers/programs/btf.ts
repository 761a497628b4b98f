/**
 * Owns how BTF objects are sampled: they have no iterator. In: a port, what may be used, word of changes. Out: the table of
 * BTF objects: by the walk, once a second, where that is allowed, else by following programs and maps to their BTF, within a
 * second of a change.
 * @module
 */
import type { KernelPort } from "../../ffi/mod.ts";
import type { BackedTable } from "../collector.ts";
import type { CollectInit } from "../protocol.ts";
import { slowTable } from "../slow_table.ts";
import type { BtfDescription } from "./model.ts";
import { BtfFollower } from "./follow_btf.ts";
import { walkBtfObjects } from "./walk.ts";

/** The table of BTF objects. @param changes another number whenever programs came or went */
export function collectBtf(
  kernel: KernelPort,
  { leaveOut, iterators, btfAtStart }: CollectInit,
  changes: () => number = () => 0,
): BackedTable<"btf"> {
  if (iterators === undefined || iterators.mayListBtf) {
    return slowTable(kernel, walked(kernel, leaveOut.btf));
  }
  return slowTable(
    kernel,
    new BtfFollower(kernel, iterators.btf, btfAtStart ?? [], leaveOut.btf),
    changes,
  );
}

/** All BTF objects, once; undefined where they may not be listed. Needs CAP_SYS_ADMIN. Since 5.4. */
export function listBtf(
  kernel: KernelPort,
): readonly BtfDescription[] | undefined {
  const walk = walkBtfObjects(kernel, []);
  return walk.sample().failure === undefined
    ? walk.rows.takeBirths()?.descriptions ?? []
    : undefined;
}

function walked(
  kernel: KernelPort,
  leaveOut: readonly number[],
): BackedTable<"btf"> {
  const walk = walkBtfObjects(kernel, leaveOut);
  return {
    rows: walk.rows,
    backend: "walk",
    backendReason: "there is no iterator over them",
    get syscalls() {
      return walk.syscalls;
    },
    sample: () => walk.sample(),
  };
}
