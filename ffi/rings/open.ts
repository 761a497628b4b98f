/**
 * Owns the opening of the ring program: an iterator that looks at every ring buffer, and remembers of each what it counted. In: a
 * port, the kernel's BTF. Out: a link, as plain data that can be handed to a thread or a later life; or why there is none.
 * @module
 */
import { createMap, type MapSpec, TRACE_ITER, TRACING } from "../bpf.ts";
import type { Btf } from "../btf/btf.ts";
import { errnoName } from "../errno.ts";
import { Absent } from "../iter/emitter.ts";
import { linkIterator, type OpenIterator, sentenceOf } from "../iter/open.ts";
import type { PinPlace } from "../iter/pins.ts";
import type { Form } from "../iter/table.ts";
import { MAP_TYPES } from "../names.ts";
import { objectId } from "../object_id.ts";
import type { KernelPort } from "../port.ts";
import { loadOrRefusal } from "../verifier.ts";
import type { RingLossProbe } from "./open_losses.ts";
import {
  compileRings,
  type LossMaps,
  RING_BUDGET_BYTES,
  type RingMaps,
} from "./program.ts";
import {
  RING_KEY_BYTES,
  RING_RECORD_BYTES,
  RING_STATE_BYTES,
} from "./record.ts";

/** Rings of which the counts are remembered; where there are more, those that were looked at longest ago are forgotten. */
const MOST_RINGS = 2048;

/** `fields` names `cookie` and `pendingPos` where this kernel has them. */
export interface OpenRings extends OpenIterator {
  /** The agent's own, held by the program. */
  readonly mapIds: readonly number[];
  /** Absent where losses are not counted one by one. */
  readonly losses?: RingLossProbe;
}

/** What openRings() may do without. */
export interface RingOptions {
  /** Tried in turn: the first asks for 6.4. */
  readonly forms?: readonly Form[];
  /** Of the loss probe whose counts the records are to have. */
  readonly losses?: LossMaps;
}

const FORMS: readonly Form[] = ["typed", "probe"];

/** Answers one sentence where none of the forms works. Needs CAP_BPF and CAP_PERFMON. Since 5.8. */
export function openRings(
  kernel: KernelPort,
  btf: Btf,
  pins: PinPlace,
  { forms = FORMS, losses }: RingOptions = {},
): OpenRings | string {
  const attachBtfId = btf.functionId("bpf_iter_bpf_map");
  if (attachBtfId === undefined) return "this kernel has no iterator over maps";
  const states = createMap(kernel, {
    type: MAP_TYPES.indexOf("lru_hash"),
    keyBytes: RING_KEY_BYTES,
    valueBytes: RING_STATE_BYTES,
    maxEntries: MOST_RINGS,
    name: "bpfpulse_rings",
  });
  if (states < 0) return `BPF_MAP_CREATE failed: ${errnoName(-states)}`;
  const budget = createMap(kernel, BUDGET);
  try {
    if (budget < 0) return `BPF_MAP_CREATE failed: ${errnoName(-budget)}`;
    const opened = load(
      kernel,
      btf,
      { states, budget, ...(losses === undefined ? {} : { losses }) },
      attachBtfId,
      forms,
    );
    if (typeof opened === "string") return opened;
    const pinFd = pins.pin(opened.linkFd);
    return {
      ...opened,
      ...(pinFd < 0 ? {} : { pinFd }),
      mapIds: [objectId(kernel, states), objectId(kernel, budget)],
    };
  } finally {
    kernel.close(states);
    if (budget >= 0) kernel.close(budget);
  }
}

const BUDGET: MapSpec = {
  type: MAP_TYPES.indexOf("array"),
  keyBytes: 4,
  valueBytes: RING_BUDGET_BYTES,
  maxEntries: 1,
  name: "bpfpulse_budget",
};

function load(
  kernel: KernelPort,
  btf: Btf,
  maps: RingMaps,
  attachBtfId: number,
  forms: readonly Form[],
): OpenIterator | string {
  const reasons: string[] = [];
  for (const form of forms) {
    try {
      const code = compileRings(btf, maps, form);
      const instructions = kernel.allocate(code.length);
      instructions.bytes.set(code);
      const answer = loadOrRefusal(kernel, {
        type: TRACING,
        instructions,
        instructionCount: code.length / 8,
        name: "bpfpulse_rings",
        expectedAttachType: TRACE_ITER,
        attachBtfId,
      });
      if (typeof answer === "number") {
        return linkIterator(kernel, answer, whatIsThere(btf), form);
      }
      reasons.push(sentenceOf(answer));
    } catch (error) {
      if (!(error instanceof Absent)) throw error;
      reasons.push(error.message);
    }
  }
  return [...new Set(reasons)].join("; ");
}

function whatIsThere(
  btf: Btf,
): Pick<OpenIterator, "recordBytes" | "fields" | "absent"> {
  const optional = [
    ["cookie", "bpf_map", "cookie"],
    ["pendingPos", "bpf_ringbuf", "pending_pos"],
  ] as const;
  const fields: string[] = [];
  const absent: Record<string, string> = {};
  for (const [name, struct, member] of optional) {
    if (btf.member(struct, member) !== undefined) fields.push(name);
    else absent[name] = `this kernel has no ${struct}.${member}`;
  }
  return { recordBytes: RING_RECORD_BYTES, fields, absent };
}
