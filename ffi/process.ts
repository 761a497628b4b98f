/**
 * What the main thread may do to its own process: its lives, its listeners, its memory.
 * @module
 */
export * from "./debugger.ts";
export * from "./locked_memory.ts";
export type { CapabilitySets, ProcessControl } from "./privilege/control.ts";
export * from "./privilege/drop.ts";
export * from "./privilege/execute.ts";
export * from "./privilege/inherit.ts";
export * from "./privilege/listener.ts";
export * from "./privilege/process_control.ts";
export * from "./privilege/sealed.ts";
export * from "./privilege/user.ts";
