/**
 * The kernel, typed: this layer's whole public surface. It knows no metric, no worker and no configuration. Of its parts sampling.ts
 * and process.ts may be imported alone, by what is loaded for as long as the agent runs.
 * @module
 */
export * from "./process.ts";
export * from "./sampling.ts";
export * from "./asm/assemble.ts";
export * from "./asm/disassemble.ts";
export type {
  AluOperator,
  Condition,
  Operand,
  Register,
  Width,
} from "./asm/opcode.ts";
export { Btf } from "./btf/btf.ts";
export * from "./btf/file.ts";
export { BtfError } from "./btf/header.ts";
export type { Member } from "./btf/lookup.ts";
export type { Wanted } from "./btf/scan.ts";
export * from "./instructions.ts";
export { AHEAD_BYTES, AheadMap } from "./iter/ahead.ts";
export { makeBound } from "./iter/bound.ts";
export * from "./iter/calibrate.ts";
export * from "./iter/cpu_entries.ts";
export * from "./iter/edge_tables.ts";
export { edgePlan, type EdgeTable } from "./iter/edges.ts";
export * from "./iter/file_kinds.ts";
export { ownProcess } from "./iter/file_parts.ts";
export * from "./iter/file_program.ts";
export * from "./iter/open.ts";
export * from "./iter/per_cpu.ts";
export * from "./iter/pins.ts";
export {
  callsOf,
  enumeratorsOf,
  type RecordField,
  type RecordTable,
  structsOf,
} from "./iter/table.ts";
export { DRAIN_TYPES } from "./operations/drain_program.ts";
export { OPERATION_TYPES } from "./operations/count_program.ts";
export { type Hook, HOOKS } from "./operations/entry.ts";
export * from "./operations/open.ts";
export * from "./object_id.ts";
export * from "./perf_buffers/open.ts";
export { PERF_STRUCTS } from "./perf_buffers/program.ts";
export { RING_LOSS_TYPES } from "./rings/loss_programs.ts";
export * from "./rings/open.ts";
export * from "./rings/open_losses.ts";
export { RING_FUNCTIONS, RING_STRUCTS } from "./rings/program.ts";
export * from "./verifier.ts";
