/**
 * Owns the opening of the ring programs: an iterator that looks at every ring buffer, and remembers of each what it counted, and one
 * that looks at those alone. In: a port, the kernel's BTF. Out: links, as plain data that can be handed to a thread or a later life; or why
 * there are none.
 * @module
 */
import {
  createMap,
  type IteratorLimits,
  type MapSpec,
  TRACE_ITER,
  TRACING,
} from "../bpf.ts";
import type { Btf } from "../btf/btf.ts";
import { errnoName } from "../errno.ts";
import { Absent } from "../iter/emitter.ts";
import { linkIterator, type OpenIterator, sentenceOf } from "../iter/open.ts";
import { closeIterator, pinned, type PinPlace } from "../iter/pins.ts";
import type { Form } from "../iter/table.ts";
import { MAP_TYPES } from "../names.ts";
import { objectId } from "../object_id.ts";
import type { KernelPort } from "../port.ts";
import { loadOrRefusal } from "../verifier.ts";
import { KNOWN, MAPS } from "./begin.ts";
import type { RingLossProbe } from "./open_losses.ts";
import {
  compileKnownRings,
  compileRings,
  type LossMaps,
  RING_BUDGET_BYTES,
  type RingMaps,
} from "./program.ts";
import {
  RING_INDEX_BYTES,
  RING_KEY_BYTES,
  RING_RECORD_BYTES,
  RING_STATE_BYTES,
} from "./record.ts";
import { instructionsOf } from "../instructions.ts";

/** Rings of which the counts are remembered; where there are more, those that were looked at longest ago are forgotten. */
const MOST_RINGS = 2_048;

/** `fields` names `cookie` and `pendingPos` where this kernel has them. */
export interface OpenRings extends OpenIterator {
  /** The agent's own, held by the program. */
  readonly mapIds: readonly number[];
  /** Absent where losses are not counted one by one. */
  readonly losses?: RingLossProbe;
  /**
   * Looks, in no order, at those rings alone that the other one has seen, whatever maps are beside them. Absent where the kernel has no way
   * to (before 6.4).
   */
  readonly known?: OpenIterator;
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
  if (btf.functionId(`bpf_iter_${MAPS.target}`) === undefined) {
    return "this kernel has no iterator over maps";
  }
  const states = createMap(kernel, {
    type: MAP_TYPES.indexOf("lru_hash"),
    keyBytes: RING_KEY_BYTES,
    valueBytes: RING_STATE_BYTES,
    maxEntries: MOST_RINGS,
    name: "bpfpulse_rings",
  });
  if (states < 0) return `BPF_MAP_CREATE failed: ${errnoName(-states)}`;
  const budget = createMap(kernel, BUDGET);
  const index = createMap(kernel, INDEX);
  try {
    if (budget < 0) return `BPF_MAP_CREATE failed: ${errnoName(-budget)}`;
    const maps = {
      states,
      budget,
      ...(index < 0 ? {} : { index }),
      ...(losses === undefined ? {} : { losses }),
    };
    const opened = pinned(openMaps(kernel, btf, maps, forms), pins);
    if (typeof opened === "string") return opened;
    const known = opened.form === "typed" && index >= 0
      ? pinned(openKnown(kernel, btf, { ...maps, index }), pins)
      : undefined;
    return {
      ...opened,
      ...(typeof known === "object" ? { known } : {}),
      mapIds: [states, budget, index].filter((fd) => fd >= 0).map((fd) =>
        objectId(kernel, fd)
      ),
    };
  } finally {
    kernel.close(states);
    if (budget >= 0) kernel.close(budget);
    if (index >= 0) kernel.close(index);
  }
}

/** Its size is a cost: a pass goes by every bucket, some 13 ns each. Rings without room there are seen in passes over all maps. */
const MOST_KNOWN = 256;
const INDEX: MapSpec = {
  type: MAP_TYPES.indexOf("hash"),
  keyBytes: RING_KEY_BYTES,
  valueBytes: RING_INDEX_BYTES,
  maxEntries: MOST_KNOWN,
  name: "bpfpulse_known",
};
const BUDGET: MapSpec = {
  type: MAP_TYPES.indexOf("array"),
  keyBytes: 4,
  valueBytes: RING_BUDGET_BYTES,
  maxEntries: 1,
  name: "bpfpulse_budget",
};

/** Closes what openRings() opened. */
export function closeRings(kernel: KernelPort, rings: OpenRings): void {
  closeIterator(kernel, rings);
  if (rings.known !== undefined) closeIterator(kernel, rings.known);
}

function openMaps(
  kernel: KernelPort,
  btf: Btf,
  maps: RingMaps,
  forms: readonly Form[],
): OpenIterator | string {
  const reasons: string[] = [];
  for (const form of forms) {
    const answer = load(
      kernel,
      btf,
      { name: "bpfpulse_rings", target: MAPS.target, form },
      () => compileRings(btf, maps, form),
    );
    if (typeof answer !== "string") return answer;
    reasons.push(answer);
  }
  return [...new Set(reasons)].join("; ");
}

/** `union bpf_iter_link_info` whose first member is a map's descriptor. */
const LIMIT_BYTES = 4;

function openKnown(
  kernel: KernelPort,
  btf: Btf,
  maps: RingMaps & { readonly index: number },
): OpenIterator | string {
  const buffer = kernel.allocate(LIMIT_BYTES);
  buffer.view.setUint32(0, maps.index, true);
  return load(
    kernel,
    btf,
    { name: "bpfpulse_known", target: KNOWN.target, form: "typed" },
    () => compileKnownRings(btf, maps),
    { buffer, sizeBytes: LIMIT_BYTES },
  );
}

function load(
  kernel: KernelPort,
  btf: Btf,
  { name, target, form }: {
    readonly name: string;
    readonly target: string;
    readonly form: Form;
  },
  compile: () => Uint8Array<ArrayBuffer>,
  limits?: IteratorLimits,
): OpenIterator | string {
  const attachBtfId = btf.functionId(`bpf_iter_${target}`);
  if (attachBtfId === undefined) {
    return `this kernel has no iterator over ${target}`;
  }
  try {
    const code = compile();
    const answer = loadOrRefusal(kernel, {
      type: TRACING,
      ...instructionsOf(kernel, code),
      name,
      expectedAttachType: TRACE_ITER,
      attachBtfId,
    });
    return typeof answer === "number"
      ? linkIterator(kernel, answer, whatIsThere(btf), form, limits)
      : sentenceOf(answer);
  } catch (error) {
    if (error instanceof Absent) return error.message;
    throw error;
  }
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
