/**
 * What a running agent needs of the kernel: to read objects, and records of programs that are open. Every thread loads it, so it leaves
 * out what puts programs together, loads and proves them: that is in mod.ts, and only the first life of the process loads it.
 * @module
 */
export * from "./bpf.ts";
export * from "./btf/function_names.ts";
export * from "./capabilities.ts";
export * from "./directory.ts";
export * from "./errno.ts";
export * from "./fd.ts";
export * from "./fdinfo.ts";
export { setBound } from "./iter/bound.ts";
export * from "./iter/btf_table.ts";
export * from "./iter/cpu_entries_record.ts";
export * from "./iter/holder_records.ts";
export * from "./iter/link_table.ts";
export * from "./iter/map_table.ts";
export type { OpenIterator } from "./iter/open.ts";
export * from "./iter/program_table.ts";
export * from "./iter/session.ts";
export * from "./libc.ts";
export * from "./load_events.ts";
export * from "./machine.ts";
export * from "./names.ts";
export * from "./objects.ts";
export * from "./operations/attach.ts";
export * from "./operations/layout.ts";
export type { OpenOperations } from "./operations/open.ts";
export { PERF_FLAG, PERF_RECORD } from "./perf_buffers/layout.ts";
export type { PerfIterator } from "./perf_buffers/open.ts";
export * from "./port.ts";
export * from "./procfs.ts";
export * from "./read_link.ts";
export type { OpenRings } from "./rings/open.ts";
export type { RingLossProbe } from "./rings/open_losses.ts";
export { RING_FLAGS, RING_RECORD, RING_RECORD_BYTES } from "./rings/record.ts";
export * from "./struct.ts";
export * from "./symbols.ts";
export * from "./uapi.ts";
