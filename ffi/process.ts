/**
 * What the main thread needs of the kernel while others sample: what it may do to its own process, its lives, its listeners, its memory,
 * and a port.
 * @module
 */
export { nextObjectId } from "./bpf.ts";
export * from "./capabilities.ts";
export * from "./debugger.ts";
export * from "./errno.ts";
export * from "./libc.ts";
export * from "./locked_memory.ts";
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
export * from "./read_link.ts";
