/**
 * Owns the building of bench/go_*: programs in Go that ours are held against. In: a folder's name. Out: the path of the binary in
 * bench/build/, or the reason why there is none. Needs Go, and its module proxy the first time.
 * @module
 */
import type { Built } from "./c_program.ts";

/** Where Go's own installer puts it, for those who have it on no path. */
const USUAL_FOLDER = "/usr/local/go/bin";

export function buildGo(name: string): Built {
  const path = new URL(`build/${name}`, import.meta.url).pathname;
  try {
    const { success, stderr } = new Deno.Command("go", {
      args: ["build", "-o", path, "."],
      cwd: new URL(name, import.meta.url),
      env: { PATH: `${Deno.env.get("PATH") ?? ""}:${USUAL_FOLDER}` },
      stdout: "null",
    }).outputSync();
    if (success) return { path };
    const [first] = new TextDecoder().decode(stderr).trim().split("\n");
    return { missing: `go cannot build bench/${name}: ${first}` };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { missing: "no Go on this machine" };
  }
}
