/**
 * Owns what /proc tells of another process: its threads' credentials, its arguments and environment, the eBPF objects that it holds. In:
 * a pid. Out: plain values, as of now.
 * @module
 */

/** What all threads have: each value of a field of /proc/PID/task/TID/status once. */
export function threadFields(
  pid: number,
  names: readonly string[],
): Record<string, string[]> {
  const values = names.map((name) => [name, new Set<string>()] as const);
  for (const { name: tid } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const status = textOf(`/proc/${pid}/task/${tid}/status`);
    for (const [name, seen] of values) {
      const value = status?.match(new RegExp(`^${name}:[ \\t]*(.*)$`, "m"))
        ?.[1];
      if (value !== undefined) seen.add(value);
    }
  }
  return Object.fromEntries(values.map(([name, seen]) => [name, [...seen]]));
}

/** As /proc has it: strings that end with a NUL each. @param file `cmdline` or `environ` */
export function stringsOf(pid: number, file: "cmdline" | "environ"): string[] {
  return Deno.readTextFileSync(`/proc/${pid}/${file}`).split("\0").slice(0, -1);
}

/** Ids of links and programs that the process holds by a descriptor of a link. */
export function heldLinks(
  pid: number,
): { links: number[]; programs: number[] } {
  const links = new Set<number>();
  const programs = new Set<number>();
  for (const { name: fd } of Deno.readDirSync(`/proc/${pid}/fdinfo`)) {
    const info = textOf(`/proc/${pid}/fdinfo/${fd}`);
    const link = info?.match(/^link_id:\s*(\d+)$/m)?.[1];
    const program = info?.match(/^prog_id:\s*(\d+)$/m)?.[1];
    if (link !== undefined) links.add(Number(link));
    if (program !== undefined) programs.add(Number(program));
  }
  return { links: [...links], programs: [...programs] };
}

/** Of a thread or descriptor that may be gone by now. */
function textOf(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
