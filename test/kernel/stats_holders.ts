/**
 * Owns the question who keeps run-time statistics on, for tests that share the machine with others. In: /proc. Out: pids.
 * @module
 */

const STATS = "anon_inode:bpf-stats";

/** Whether a process keeps them on now; false for one that is gone. */
export function holdsStats(pid: number | string): boolean {
  try {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
      if (isStats(`/proc/${pid}/fd/${name}`)) return true;
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  return false;
}

function isStats(path: string): boolean {
  try {
    return Deno.readLinkSync(path) === STATS;
  } catch (error) {
    // Closed since it was listed.
    if (isGone(error)) return false;
    throw error;
  }
}

/** Or hidden from this user, as what runs the machine is. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.PermissionDenied;
}

/** Pids of all processes that keep them on now. */
export function statsHolders(): number[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) =>
    /^\d+$/.test(name) && holdsStats(name) ? [Number(name)] : []
  );
}
