/**
 * Owns a bpffs for a test. In: nothing. Out: its path, or why there is none here.
 * @module
 */
import type { Place } from "./places.ts";

/** A bpffs of its own, unmounted in the end with all its pins. */
export function bpffs(): Place<{ readonly path: string }> {
  const path = Deno.makeTempDirSync({ prefix: "bpfpulse pins " });
  const run = (command: string, ...args: string[]) =>
    new Deno.Command(command, { args }).outputSync();
  const { success, stderr } = run("mount", "-t", "bpf", "none", path);
  if (!success) {
    Deno.removeSync(path);
    return { why: new TextDecoder().decode(stderr).trim() };
  }
  return {
    path,
    [Symbol.dispose]() {
      run("umount", path);
      Deno.removeSync(path);
    },
  };
}
