/**
 * Owns what this program says it is. In: deno.json and the runtime. Out: the version, and the line of `--version`.
 * @module
 */
import manifest from "../deno.json" with { type: "json" };

/** As `0.1.0`. */
export const VERSION: string = manifest.version;

export interface RuntimeVersions {
  readonly deno: string;
  readonly v8: string;
  /** As `x86_64-unknown-linux-gnu`. */
  readonly target: string;
}

/** One line without a final newline: this program, and the runtime that it runs on. */
export function versionText(
  runtime: RuntimeVersions = {
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    target: Deno.build.target,
  },
): string {
  return `bpfpulse ${VERSION} (deno ${runtime.deno}, v8 ${runtime.v8}, ${runtime.target})`;
}
