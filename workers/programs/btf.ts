/**
 * Owns how BTF objects are sampled: they have no iterator. In: a port, and what may be used. Out: the table of BTF objects, read
 * once a second: by the walk where that is allowed, else by following programs and maps to their BTF.
 * @module
 */
import type { KernelPort } from "../../ffi/mod.ts";
import type { BackedTable } from "../collector.ts";
import type { CollectInit } from "../protocol.ts";
import { slowTable } from "../slow_table.ts";
import type { BtfDescription } from "./model.ts";
import { BtfFollower } from "./follow_btf.ts";
import { walkBtfObjects } from "./walk.ts";

/** The table of BTF objects. */
export function collectBtf(
  kernel: KernelPort,
  { leaveOut, iterators, btfAtStart }: CollectInit,
): BackedTable<"btf"> {
  return slowTable(
    kernel,
    iterators === undefined || iterators.mayListBtf
      ? walked(kernel, leaveOut.btf)
      : new BtfFollower(
        kernel,
        iterators.btf,
        btfAtStart ?? [],
        leaveOut.btf,
      ),
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
