/**
 * Owns the making of the loss probe: its maps, a program on each function by which programs write into rings, and what forgets rings
 * that are gone. In: a port, the kernel's BTF, a place for pins. Out: plain data whose descriptors keep their numbers across execve(2),
 * attached until they are closed, as the end of the process does; or one sentence why there is none. Needs CAP_BPF and CAP_PERFMON.
 * @module
 */
import {
  attachTracing,
  createMap,
  type MapSpec,
  TRACE_FEXIT,
  TRACING,
} from "../bpf.ts";
import type { Btf } from "../btf/btf.ts";
import { EBUSY, EPERM, errnoName } from "../errno.ts";
import { Absent } from "../iter/emitter.ts";
import { type OpenIterator, openProgram, sentenceOf } from "../iter/open.ts";
import { closeIterator, pinned, type PinPlace } from "../iter/pins.ts";
import { MAP_TYPES } from "../names.ts";
import { objectId } from "../object_id.ts";
import { OpenTogether } from "../open_together.ts";
import type { KernelPort } from "../port.ts";
import { loadOrRefusal } from "../verifier.ts";
import {
  compileLossProbe,
  lossSweepPlan,
  RING_ENTRIES,
  type RingEntry,
} from "./loss_programs.ts";
import type { LossMaps } from "./program.ts";
import { RING_KEY_BYTES, RING_LOSS_BYTES, UNPLACED_BYTES } from "./record.ts";
import { instructionsOf } from "../instructions.ts";

/** Rings that ever lost an event; those that are gone make room. */
const MOST_LOSSY = 2_048;

/** What the reader of rings needs of the probe. Plain data. */
export interface RingLossProbe {
  /** Attached programs, one a function: what the kernel skipped of their runs is not counted. */
  readonly programFds: readonly number[];
  /** Takes away what is counted of rings that are gone; gives no records. */
  readonly sweep: OpenIterator;
}

export interface OpenRingLosses extends RingLossProbe {
  /** Functions that are watched. */
  readonly functions: readonly string[];
  /** Open until closeLossMaps(): the programs keep them. */
  readonly maps: LossMaps;
  readonly linkFds: readonly number[];
  /** The agent's own objects, beside those of `sweep`. */
  readonly mapIds: readonly number[];
  readonly programIds: readonly number[];
  readonly linkIds: readonly number[];
}

/** Attached from now on, or one sentence why it is not. fexit since 5.5, told apart by cookies since 5.16; no kernel tried from 6.16 on lets it. */
export function openRingLosses(
  kernel: KernelPort,
  btf: Btf,
  pins: PinPlace,
): OpenRingLosses | string {
  const open = new OpenTogether(kernel);
  const maps: LossMaps = {
    table: open.keep(createMap(kernel, TABLE)),
    unplaced: open.keep(createMap(kernel, UNPLACED)),
  };
  const refused = Object.values(maps).find((fd) => fd < 0);
  if (refused !== undefined) {
    return open.giveUp(`BPF_MAP_CREATE failed: ${errnoName(-refused)}`);
  }
  const programFds: number[] = [];
  const entries = RING_ENTRIES.filter(({ name }, i) =>
    // Kernels without the last of them have no such calls.
    i === 0 || btf.functionId(name) !== undefined
  );
  for (const entry of entries) {
    const program = load(kernel, btf, maps, entry);
    if (typeof program === "string") return open.giveUp(program);
    programFds.push(open.keep(program));
  }
  // Once all are loaded, so that a kernel that refuses one is left alone.
  const linkFds: number[] = [];
  for (const [i, programFd] of programFds.entries()) {
    const link = open.keep(attachTracing(kernel, programFd));
    if (link < 0) return open.giveUp(whyNotAttached(entries[i], -link));
    linkFds.push(link);
  }
  const sweep = pinned(
    openProgram(kernel, btf, lossSweepPlan(kernel, btf, maps)),
    pins,
  );
  if (typeof sweep === "string") return open.giveUp(sweep);
  return {
    functions: entries.map(({ name }) => name),
    maps,
    programFds,
    linkFds,
    sweep,
    mapIds: Object.values(maps).map((fd) => objectId(kernel, fd)),
    programIds: programFds.map((fd) => objectId(kernel, fd)),
    linkIds: linkFds.map((fd) => objectId(kernel, fd)),
  };
}

/** Once whoever reads the counts has them. */
export function closeLossMaps(
  kernel: KernelPort,
  { maps }: OpenRingLosses,
): void {
  kernel.close(maps.table);
  kernel.close(maps.unplaced);
}

/** Detaches it. */
export function closeRingLosses(
  kernel: KernelPort,
  { linkFds, programFds, sweep }: OpenRingLosses,
): void {
  for (const fd of [...linkFds, ...programFds]) kernel.close(fd);
  closeIterator(kernel, sweep);
}

const TABLE: MapSpec = {
  type: MAP_TYPES.indexOf("hash"),
  keyBytes: RING_KEY_BYTES,
  valueBytes: RING_LOSS_BYTES,
  maxEntries: MOST_LOSSY,
  name: "bpfpulse_losses",
};
const UNPLACED: MapSpec = {
  type: MAP_TYPES.indexOf("array"),
  keyBytes: 4,
  valueBytes: UNPLACED_BYTES,
  maxEntries: 1,
  name: "bpfpulse_unplac",
};

function load(
  kernel: KernelPort,
  btf: Btf,
  maps: LossMaps,
  entry: RingEntry,
): number | string {
  const attachBtfId = btf.functionId(entry.name);
  if (attachBtfId === undefined) return `this kernel has no ${entry.name}()`;
  try {
    const code = compileLossProbe(btf, maps, entry);
    const answer = loadOrRefusal(kernel, {
      type: TRACING,
      ...instructionsOf(kernel, code),
      name: "bpfpulse_loss",
      expectedAttachType: TRACE_FEXIT,
      attachBtfId,
    });
    if (typeof answer === "number") return answer;
    return answer.errno === EPERM
      ? `${
        sentenceOf(answer)
      }: this kernel lets no program be attached to its functions`
      : sentenceOf(answer);
  } catch (error) {
    if (error instanceof Absent) return error.message;
    throw error;
  }
}

/** Source: kernel/bpf/trampoline.c register_fentry(): without ftrace's place at its start a function cannot be changed. */
function whyNotAttached({ name }: RingEntry, errno: number): string {
  const failed = `attaching to ${name}() failed: ${errnoName(errno)}`;
  return errno === EBUSY
    ? `${failed}: this kernel, as all that were tried from 6.16 on, is built so that nothing can be attached to its ring buffers`
    : failed;
}
