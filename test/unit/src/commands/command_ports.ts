/**
 * Owns how tests run the commands that take samples: on a fake kernel, with a clock that the command's own wait moves. In: a
 * kernel and what matters of the options. Out: options for once() and check().
 * @module
 */
import type { OnceOptions } from "../../../../src/commands/once.ts";
import { defaultConfig } from "../../../../src/config/resolve.ts";
import { BlockReader } from "../../../../workers/columns.ts";
import type { HoldersPass } from "../../../../workers/links/holders_model.ts";
import { versioned } from "../../../../workers/protocol.ts";
import { sampleOnce } from "../../../../workers/sample_once.ts";
import type { FakeKernel } from "../../../fakes/fake_kernel.ts";
import { someFacts } from "../../../state_builders.ts";

export const NOT_PERMITTED = someFacts({
  capabilities: [],
  privileges: { dropped: false, held: [] },
  missing: [{
    capability: "CAP_SYS_ADMIN",
    gives: "every map, program, link and BTF object",
    how: "start bpfpulse as root",
  }],
  runStats: {
    agent: false,
    sysctl: false,
    reason: "BPF_ENABLE_STATS failed: EPERM",
  },
  memlock: { by: "none", reason: "BPF_PROG_LOAD failed: EPERM" },
});

/** Has the samples of `options` say what was found of who keeps objects alive: `told` is a pass, or why there is none. */
export function looked<T extends Pick<OnceOptions, "sample">>(
  options: T,
  told: HoldersPass | string,
): T {
  const sample: OnceOptions["sample"] = (sink) => {
    const rounds = options.sample(sink);
    sink(
      versioned(
        typeof told === "string"
          ? { kind: "holders_failed", epoch: 1, reason: told }
          : { kind: "holders", epoch: 1, pass: told },
      ),
      "links",
    );
    return rounds;
  };
  return { ...options, sample };
}

/** @param duringTheWait what happens on the node between the two samples of --rates */
export function onceOptions(
  kernel: FakeKernel,
  given: Partial<OnceOptions> = {},
  duringTheWait: () => void = () => {},
): OnceOptions {
  const config = defaultConfig(true);
  return {
    config,
    facts: someFacts(),
    clock: {
      monotonicMs: () => kernel.monotonicMs(),
      unixMs: () => 1_700_000_000_000,
      after(delayMs, callback) {
        kernel.advanceMs(delayMs);
        duringTheWait();
        callback();
        return () => {};
      },
    },
    sample: (sink) =>
      sampleOnce(kernel, sink, {
        leaveOut: undefined,
        intervalMs: config.intervalMs,
      }),
    openBlock: (buffer) => new BlockReader(buffer),
    processUsage: () => ({ residentBytes: 4096 }),
    format: "table",
    rates: false,
    by: "type",
    layout: { widthColumns: 80, maxRows: Infinity },
    version: "0.1.0",
    ...given,
  };
}
