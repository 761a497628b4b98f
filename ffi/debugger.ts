/**
 * Owns the closing of a door that the runtime leaves: at SIGUSR1 Deno 2.9 opens a debugger's port, through which every user of the
 * machine may run code as the agent. In: nothing. Out: a function that has the signal ignored.
 * @module
 */
import { loadLibc } from "./libc.ts";

const SYMBOLS = {
  /** sighandler_t signal(int signum, sighandler_t handler); */
  signal: { parameters: ["i32", "usize"], result: "usize" },
} as const satisfies Deno.ForeignLibraryInterface;

const SIGUSR1 = 10;
const SIG_IGN = 1n;

/** The runtime takes the signal some time after its start, and says nothing about it: call this more than once. */
export function refuseDebugger(): void {
  loadLibc(SYMBOLS).signal(SIGUSR1, SIG_IGN);
}
