/**
 * Owns the loading of the program by which StatsProbe finds out who counts runs. In: a port. Out: a probe whose descriptor its caller
 * closes; undefined where none can be loaded.
 * @module
 */
import {
  Assembler,
  instructionsOf,
  type KernelPort,
  loadProgram,
  PROG_TYPES,
} from "../ffi/mod.ts";
import { StatsProbe } from "./stats_probe.ts";

/** Needs CAP_BPF where unprivileged bpf() is off. */
export function loadStatsProbe(kernel: KernelPort): StatsProbe | undefined {
  const code = new Assembler().move("r0", 0).exit().assemble();
  const fd = loadProgram(kernel, {
    type: PROG_TYPES.indexOf("socket_filter"),
    ...instructionsOf(kernel, code),
    name: "bpfpulse_stats",
  });
  return fd < 0 ? undefined : new StatsProbe(kernel, fd);
}
