/**
 * The kernel, typed: this layer's public surface, and the only file of it that others import. It knows no metric, no
 * worker and no configuration.
 * @module
 */
export * from "./asm/assemble.ts";
export * from "./asm/disassemble.ts";
export type {
  AluOperator,
  Condition,
  Operand,
  Register,
  Width,
} from "./asm/opcode.ts";
export * from "./bpf.ts";
export { Btf } from "./btf/btf.ts";
export * from "./btf/file.ts";
export * from "./btf/function_names.ts";
export { BtfError } from "./btf/header.ts";
export type { Member } from "./btf/lookup.ts";
export type { Wanted } from "./btf/scan.ts";
export * from "./capabilities.ts";
export * from "./directory.ts";
export * from "./debugger.ts";
export * from "./errno.ts";
export * from "./fd.ts";
export * from "./fdinfo.ts";
export * from "./iter/btf_table.ts";
export * from "./iter/calibrate.ts";
export * from "./iter/cpu_entries.ts";
export * from "./iter/edge_tables.ts";
export {
  EDGE_RECORD_BYTES,
  edgePlan,
  type EdgeTable,
  type HeldType,
  UNFOLLOWED,
} from "./iter/edges.ts";
export * from "./iter/file_kinds.ts";
export { ownProcess } from "./iter/file_parts.ts";
export * from "./iter/file_program.ts";
export * from "./iter/link_table.ts";
export * from "./iter/map_table.ts";
export * from "./iter/open.ts";
export * from "./iter/per_cpu.ts";
export * from "./iter/pins.ts";
export * from "./iter/program_table.ts";
export * from "./iter/session.ts";
export {
  callsOf,
  enumeratorsOf,
  type RecordField,
  type RecordTable,
  structsOf,
} from "./iter/table.ts";
export * from "./libc.ts";
export * from "./load_events.ts";
export * from "./locked_memory.ts";
export * from "./machine.ts";
export * from "./names.ts";
export { DRAIN_TYPES } from "./operations/drain_program.ts";
export { OPERATION_TYPES } from "./operations/count_program.ts";
export { type Hook, HOOKS } from "./operations/entry.ts";
export * from "./operations/layout.ts";
export * from "./operations/open.ts";
export * from "./objects.ts";
export { PERF_FLAG, PERF_RECORD } from "./perf_buffers/layout.ts";
export * from "./perf_buffers/open.ts";
export { PERF_STRUCTS } from "./perf_buffers/program.ts";
export * from "./port.ts";
export type { CapabilitySets, ProcessControl } from "./privilege/control.ts";
export * from "./privilege/drop.ts";
export * from "./privilege/execute.ts";
export * from "./privilege/inherit.ts";
export * from "./privilege/listener.ts";
export * from "./privilege/process_control.ts";
export * from "./privilege/sealed.ts";
export * from "./privilege/user.ts";
export * from "./procfs.ts";
export * from "./rings/open.ts";
export { RING_FUNCTIONS, RING_STRUCTS } from "./rings/program.ts";
export { RING_FLAGS, RING_RECORD, RING_RECORD_BYTES } from "./rings/record.ts";
export * from "./struct.ts";
export * from "./symbols.ts";
export * from "./uapi.ts";
export * from "./verifier.ts";
