/**
 * Owns which kernel objects a process has, and whether they are gone after its end. In: a pid. Out: ids, by what its descriptors and
 * bpftool tell. What is gone is neither attached nor pinned.
 * @module
 */
import {
  ENOENT,
  type KernelPort,
  type ObjectKind,
  openObject,
} from "../../ffi/mod.ts";
import { type Agent, pause } from "../agent.ts";
import { readBpftool } from "./reference.ts";

export type ProcessObjects = Readonly<
  Record<"map" | "program" | "link", ReadonlySet<number>>
>;

/** Those of its descriptors, and the maps of those programs. */
export function objectsOf(pid: number): ProcessObjects {
  const texts = descriptorsOf(pid);
  const ids = (pattern: RegExp) =>
    texts.flatMap((text) => {
      const [, id] = text.match(pattern) ?? [];
      return id === undefined ? [] : [Number(id)];
    });
  const programs = new Set(ids(/^prog_id:\t(\d+)$/m));
  const maps = new Set(ids(/^map_id:\t(\d+)$/m));
  const told = readBpftool("program");
  for (const id of programs) {
    const ofProgram = told.get(id)?.map_ids ?? [];
    if (Array.isArray(ofProgram)) ofProgram.forEach((map) => maps.add(map));
  }
  return {
    map: maps,
    program: programs,
    link: new Set(ids(/^link_id:\t(\d+)$/m)),
  };
}

/** Ids of programs that it has attached to functions or tracepoints. */
export function attachedBy(pid: number): number[] {
  return descriptorsOf(pid).flatMap((text) => {
    const [, id] = text.match(
      /^link_type:\t(?:tracing|raw_tracepoint)$[^]*^prog_id:\t(\d+)$/m,
    ) ?? [];
    return id === undefined ? [] : [Number(id)];
  });
}

/** How many programs it attaches while it counts operations. */
export async function countingPrograms(agent: Agent): Promise<number> {
  const { text } = await agent.get("/readyz");
  return JSON.parse(text).operations.hook === "lsm" ? 3 : 2;
}

/** Those that are still there when the kernel has had time to free them, as `map 7`. */
export async function leftOf(
  kernel: KernelPort,
  objects: ProcessObjects,
): Promise<string[]> {
  let left: string[] = [];
  // The kernel frees them a moment after their last descriptor.
  for (let i = 0; i < 1_000; i++) {
    left = (["map", "program", "link"] as const).flatMap((kind) =>
      [...objects[kind]].filter((id) => isThere(kernel, kind, id)).map((id) =>
        `${kind} ${id}`
      )
    );
    if (left.length === 0) break;
    await pause(5);
  }
  return left;
}

function isThere(kernel: KernelPort, kind: ObjectKind, id: number): boolean {
  const fd = openObject(kernel, kind, id);
  if (fd >= 0) kernel.close(fd);
  return fd !== -ENOENT;
}

/** Text of each of its descriptors, but of those that were closed meanwhile. */
function descriptorsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fdinfo`;
  return [...Deno.readDirSync(folder)].flatMap(({ name }) => {
    try {
      return [Deno.readTextFileSync(`${folder}/${name}`)];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  });
}
