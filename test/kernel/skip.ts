/**
 * Owns how a test says that it could not check something on this machine: one printed line, never silence. In: what and
 * why. Out: `SKIP what: why` on stdout, which the test runner counts.
 * @module
 */
import { effectiveCapabilities, openLibc } from "../../ffi/mod.ts";

const said = new Set<string>();

/** Once for each line, however many tests come upon it. */
export function skip(what: string, why: string): void {
  const line = `SKIP ${what}: ${why}`;
  if (said.has(line)) return;
  said.add(line);
  // deno-lint-ignore no-console -- the runner counts these lines
  console.log(line);
}

/** Why no kernel objects can be made here, or undefined where they can. */
export function whyNoKernel(): string | undefined {
  return effectiveCapabilities(openLibc()).has("CAP_SYS_ADMIN")
    ? undefined
    : "needs CAP_SYS_ADMIN: run the tests as root";
}

/**
 * A test on the real kernel; where it cannot run it prints its reason and counts as ignored.
 * @param reasons of what else it needs, as whyNoCompiler(): undefined where it is there
 */
export function kernelTest(
  name: string,
  run: (t: Deno.TestContext) => void | Promise<void>,
  ...reasons: readonly (string | undefined)[]
): void {
  const reason = [whyNoKernel(), ...reasons].find((why) => why !== undefined);
  if (reason !== undefined) skip(name, reason);
  Deno.test({ name, ignore: reason !== undefined, fn: run });
}
