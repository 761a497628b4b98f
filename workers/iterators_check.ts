/**
 * Owns the proof that iterators tell the truth on this machine. In: open iterators of one type. Out: what is wrong, or undefined. An
 * own object must be found, and described as BPF_OBJ_GET_INFO_BY_FD on its own descriptor describes it, which needs no privilege.
 * @module
 */
import {
  Assembler,
  createMap,
  errnoName,
  Fd,
  filledInfo,
  instructionsOf,
  type KernelPort,
  LINK_INFO,
  loadProgram,
  MAP_INFO,
  MAP_TYPES,
  objectInfo,
  PROG_INFO,
  PROG_TYPES,
} from "../ffi/mod.ts";
import type { IteratorPass, TableIterators } from "./iterate.ts";
import { LinkDescriber } from "./links/describe.ts";
import { iterateLinks } from "./links/iterate.ts";
import { LINK_COLUMNS } from "./links/model.ts";
import { iterateMaps, mapHeadWords } from "./maps/iterate.ts";
import { MAP_COLUMNS } from "./maps/model.ts";
import { describeMap } from "./maps/walk.ts";
import { iteratePrograms } from "./programs/iterate.ts";
import { PROGRAM_COLUMNS } from "./programs/model.ts";
import { describeProgram } from "./programs/walk.ts";
import type { IteratedType } from "./protocol.ts";
import { Rows } from "./rows.ts";

const RETURN_0 = new Assembler().move("r0", 0).exit().assemble();

/** One sentence, or undefined where all is right. */
export function selfCheck(
  kernel: KernelPort,
  type: IteratedType,
  iterators: TableIterators,
): string | undefined {
  switch (type) {
    case "map":
      return checkMaps(kernel, iterators);
    case "program":
      return checkPrograms(kernel, iterators);
    case "link":
      return checkLinks(kernel, iterators);
  }
}

function checkMaps(
  kernel: KernelPort,
  iterators: TableIterators,
): string | undefined {
  const number = createMap(kernel, {
    type: MAP_TYPES.indexOf("array"),
    keyBytes: 4,
    valueBytes: 24,
    maxEntries: 3,
    name: "bpfpulse_check",
  });
  if (number < 0) return `BPF_MAP_CREATE failed: ${errnoName(-number)}`;
  using fd = new Fd(kernel, number);
  const info = kernel.allocate(MAP_INFO.size);
  const filled = objectInfo(kernel, fd.number, info, MAP_INFO.size);
  if (filled < 0) return `a map's info cannot be read: ${errnoName(-filled)}`;
  const id = MAP_INFO.id.get(info.view, MAP_INFO.id.offset);
  const rows = new Rows("map", mapHeadWords(iterators) - 1, MAP_COLUMNS);
  return differs(
    rows,
    iterateMaps(kernel, iterators, [], rows),
    describeMap(id, filledInfo(info.view, filled)),
  );
}

function checkPrograms(
  kernel: KernelPort,
  iterators: TableIterators,
): string | undefined {
  const { fields, absent } = iterators.tick;
  if (!fields.includes("run_cnt")) {
    return `runs cannot be counted: ${absent.run_cnt}`;
  }
  const number = loadProgram(kernel, {
    type: PROG_TYPES.indexOf("socket_filter"),
    ...instructionsOf(kernel, RETURN_0),
    name: "bpfpulse_check",
  });
  if (number < 0) return `BPF_PROG_LOAD failed: ${errnoName(-number)}`;
  using fd = new Fd(kernel, number);
  const info = kernel.allocate(PROG_INFO.size);
  const filled = objectInfo(kernel, fd.number, info, PROG_INFO.size);
  if (filled < 0) {
    return `a program's info cannot be read: ${errnoName(-filled)}`;
  }
  const rows = new Rows("program", 3, PROGRAM_COLUMNS);
  return differs(
    rows,
    iteratePrograms(kernel, iterators, [], rows),
    describeProgram(
      PROG_INFO.id.get(info.view, PROG_INFO.id.offset),
      undefined,
      filledInfo(info.view, filled),
    ),
  );
}

function checkLinks(
  kernel: KernelPort,
  iterators: TableIterators,
): string | undefined {
  const { linkFd, linkId } = iterators.birth;
  const info = kernel.allocate(LINK_INFO.size);
  const filled = objectInfo(kernel, linkFd, info, LINK_INFO.size);
  if (filled < 0) return `a link's info cannot be read: ${errnoName(-filled)}`;
  const rows = new Rows("link", 3, LINK_COLUMNS);
  return differs(
    rows,
    iterateLinks(kernel, iterators, [], rows),
    new LinkDescriber(kernel).describe(linkId, info.view, filled, linkFd),
  );
}

function differs<T extends IteratedType>(
  rows: Rows<T>,
  pass: IteratorPass<T>,
  expected: { readonly id: number },
): string | undefined {
  const found = pass.find(expected.id);
  if ("errno" in found) {
    return `${found.call} failed: ${errnoName(found.errno)}`;
  }
  const own = found.described;
  if (own === undefined) return `an own ${rows.table} is not among them`;
  for (const [field, value] of Object.entries(expected)) {
    const told = (own as unknown as Record<string, unknown>)[field];
    if (told !== value) {
      return `of an own ${rows.table} ${field} is ${told}, not ${value}`;
    }
  }
  return undefined;
}
