/**
 * Owns what a collector of operations tells, pass by pass, and its comparison with what a program counted itself. In: a hook. Out: passes,
 * assertions.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Hook, KernelPort } from "../../ffi/mod.ts";
import type { OperationsPass } from "../../workers/operations_model.ts";
import {
  type OpenedOperations,
  openOperationsAtStart,
} from "../../workers/operations_open.ts";
import type { OperationsCollector } from "../../workers/programs/operations.ts";
import type { OperationCounts } from "./operate.ts";
import { skip } from "./skip.ts";

export class Told {
  readonly passes: OperationsPass[] = [];
  readonly collector: OperationsCollector;

  constructor(collector: OperationsCollector) {
    this.collector = collector;
  }

  readonly run = (): void => {
    const message = this.collector.run()?.message;
    if (message === undefined) return;
    assert(message.kind === "operations", JSON.stringify(message));
    this.passes.push(message.pass);
  };

  /** Until everything has come to rest and was told. */
  finish(): void {
    for (let i = 0; i < 3; i++) this.run();
  }
}

/** Counts from now on, by this hook alone; its facts tell why not where it has no handle. */
export function countBy(kernel: KernelPort, hook: Hook): OpenedOperations {
  return openOperationsAtStart(kernel, "on", undefined, [hook]);
}

/** Runs of the counting program that the kernel skipped. */
export function skippedIn(passes: readonly OperationsPass[]): number {
  return passes.reduce((sum, { skipped = 0 }) => sum + skipped, 0);
}

/** What a hook tells of what was done: one that counts operations where they begin knows neither how they end nor those on no map. */
export function truthBy(hook: Hook, counts: OperationCounts): OperationCounts {
  if (hook !== "lsm") return counts;
  const begun: OperationCounts = {};
  for (const [key, count] of Object.entries(counts)) {
    const [map, operation, errno] = key.split(" ");
    if (map === "0") continue;
    const known = errno === undefined ? key : `${map} ${operation} 0`;
    begun[known] = (begun[known] ?? 0) + count;
  }
  return begun;
}

/** Equal; where the kernel skipped runs of the counting program, no more than those are missing, and nothing is too much. */
export function assertCounted(
  told: OperationCounts,
  truth: OperationCounts,
  skipped: number,
): void {
  if (skipped === 0) return assertEquals(told, truth);
  skip(
    "exact counts while a kernel preempts its own programs",
    "it skips runs, and tells how many",
  );
  let missing = 0;
  for (const key of new Set([...Object.keys(truth), ...Object.keys(told)])) {
    const less = (truth[key] ?? 0) - (told[key] ?? 0);
    assert(less >= 0, `${key}: ${told[key]} of ${truth[key]}`);
    missing += less;
  }
  assert(missing <= skipped, `${missing} missing, ${skipped} skipped`);
}
