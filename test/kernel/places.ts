/**
 * Owns the places on this machine that links are attached to: a veth pair, a network namespace and a cgroup, all of the
 * test's own. In: nothing. Out: each as a disposable, or the reason why there is none.
 * @module
 */

/** Of this process, so that test files that run at the same time do not meet. */
const UNIQUE = (Deno.pid % 100_000).toString(36);

/** A place, or why it cannot be made here. */
export type Place<T> = (T & Disposable) | { readonly why: string };

/** Two network devices that are wired to each other, in this network namespace. */
export function vethPair(): Place<
  { readonly ifindex: number; readonly peerIfindex: number }
> {
  const [name, peer] = [`bpfp${UNIQUE}a`, `bpfp${UNIQUE}b`];
  const failure = ip("link", "add", name, "type", "veth", "peer", "name", peer);
  if (failure !== undefined) return { why: failure };
  return {
    ifindex: ifindexOf(name),
    peerIfindex: ifindexOf(peer),
    [Symbol.dispose]: () => must(ip("link", "delete", name)),
  };
}

/** A network namespace; `path` opens it. */
export function networkNamespace(): Place<{ readonly path: string }> {
  const name = `bpfpulse-${UNIQUE}`;
  const failure = ip("netns", "add", name);
  if (failure !== undefined) return { why: failure };
  return {
    path: `/run/netns/${name}`,
    [Symbol.dispose]: () => must(ip("netns", "delete", name)),
  };
}

/** A cgroup of the second version; `path` opens it. */
export function cgroup(): Place<{ readonly path: string }> {
  const mounted = Deno.readTextFileSync("/proc/self/mounts").split("\n")
    .map((line) => line.split(" ")).find(([, , type]) => type === "cgroup2");
  if (mounted) return cgroupBelow(mounted[1]);
  const mount = Deno.makeTempDirSync({ prefix: "bpfpulse-cgroup2-" });
  const failure = run("mount", "-t", "cgroup2", "none", mount);
  if (failure !== undefined) {
    Deno.removeSync(mount);
    return { why: failure };
  }
  const unmount = () => {
    must(run("umount", mount));
    Deno.removeSync(mount);
  };
  const place = cgroupBelow(mount);
  if (!(Symbol.dispose in place)) {
    unmount();
    return place;
  }
  return {
    path: place.path,
    [Symbol.dispose]() {
      place[Symbol.dispose]();
      unmount();
    },
  };
}

function cgroupBelow(mount: string): Place<{ readonly path: string }> {
  const path = `${mount}/bpfpulse-${UNIQUE}`;
  try {
    Deno.mkdirSync(path);
  } catch (error) {
    return { why: String(error) };
  }
  return { path, [Symbol.dispose]: () => Deno.removeSync(path) };
}

function ifindexOf(name: string): number {
  return Number(Deno.readTextFileSync(`/sys/class/net/${name}/ifindex`));
}

function ip(...args: string[]): string | undefined {
  return run("ip", ...args);
}

/** Undefined, or what the command complained of. */
function run(command: string, ...args: string[]): string | undefined {
  try {
    const { success, stderr } = new Deno.Command(command, { args })
      .outputSync();
    return success
      ? undefined
      : `${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`
        .trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `no ${command} here`;
    throw error;
  }
}

function must(failure: string | undefined): void {
  if (failure !== undefined) throw new Error(`Cannot clean up: ${failure}`);
}
