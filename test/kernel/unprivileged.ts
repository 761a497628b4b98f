/**
 * Owns how an agent is started by somebody without any privilege. In: nothing, or another command to start it with. Out: what a start needs for it, or why it
 * cannot be tried here. The runtime, its cache and the checkout may all be in root's home, which nobody else can enter:
 * they are mounted into a folder that everybody can, in a mount namespace that only the agent sees.
 * @module
 */
import type { StartOptions } from "../agent.ts";
import { whyNoKernel } from "./skip.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const NOBODY = ["setpriv", "--reuid", "65534", "--clear-groups"];

/** Arguments: three pairs of a folder and where it goes, then the command. */
const MOUNT_AND_RUN =
  'mount --bind "$1" "$2" && mount --bind "$3" "$4" && mount --bind "$5" "$6" && cd "$6" && shift 6 && exec "$@"';

export type Unprivileged = (StartOptions & Disposable) | {
  readonly why: string;
};

/** @param become starts the command that follows it as who it shall be; empty: as whoever runs the tests */
export function unprivileged(
  become: readonly string[] = NOBODY,
): Unprivileged {
  // Whoever runs the tests without privilege is the very user that is wanted.
  if (whyNoKernel() !== undefined) return { [Symbol.dispose]() {} };
  const folder = Deno.makeTempDirSync({ prefix: "bpfpulse-unprivileged-" });
  Deno.chmodSync(folder, 0o755);
  const [bin, cache, checkout] = ["bin", "deno_dir", "checkout"].map((name) => {
    Deno.mkdirSync(`${folder}/${name}`);
    return `${folder}/${name}`;
  });
  // Other caches than the packages are made anew there.
  Deno.chmodSync(cache, 0o777);
  Deno.mkdirSync(`${cache}/npm`);
  const runtime = Deno.execPath();
  const prefix = [
    ...["unshare", "--mount", "--propagation", "private"],
    ...["sh", "-c", MOUNT_AND_RUN, "sh"],
    ...[runtime.slice(0, runtime.lastIndexOf("/")), bin],
    ...[npmCache(runtime), `${cache}/npm`],
    ...[ROOT, checkout],
    ...become,
  ];
  const options = {
    prefix,
    env: { DENO_DIR: cache },
    root: `${checkout}/`,
    runtime: `${bin}/${runtime.slice(runtime.lastIndexOf("/") + 1)}`,
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
  const why = whyNot([...prefix, options.runtime, "--version"]);
  if (why === undefined) return options;
  options[Symbol.dispose]();
  return { why };
}

function npmCache(runtime: string): string {
  const { stdout } = new Deno.Command(runtime, { args: ["info", "--json"] })
    .outputSync();
  return JSON.parse(new TextDecoder().decode(stdout)).npmCache;
}

/** What stands in the way of a command, or undefined when it succeeds. */
function whyNot([command, ...args]: readonly string[]): string | undefined {
  try {
    const { success, stderr } = new Deno.Command(command, { args })
      .outputSync();
    return success ? undefined : new TextDecoder().decode(stderr).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `no ${command} here`;
    throw error;
  }
}
