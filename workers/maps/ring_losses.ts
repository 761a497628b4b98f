/**
 * Owns the opening of the ring iterator with the loss probe, where that was asked for, and the proof that it counts here. In: a port, the
 * kernel's BTF, a place for pins. Out: the rings' iterator, with exact losses or without; what became of the probe. Nothing is attached
 * where it was not asked for, nor where it does not count.
 * @module
 */
import {
  Assembler,
  type Btf,
  closeLossMaps,
  closeRingLosses,
  closeRings,
  createMap,
  errnoName,
  Fd,
  instructionsOf,
  iterationsOf,
  IteratorSession,
  type KernelPort,
  loadOrRefusal,
  MAP_TYPES,
  objectId,
  type OpenRingLosses,
  openRingLosses,
  type OpenRings,
  openRings,
  type PinPlace,
  PROG_TYPES,
  RING_RECORD,
  testRunProgram,
} from "../../ffi/mod.ts";

/** What became of the loss probe; `reason`: one sentence why it is not there though it was asked for. */
export interface RingLossesFacts {
  readonly mode: "off" | "on";
  /** Functions that it is attached to; absent where it is not. */
  readonly functions?: readonly string[];
  readonly reason?: string;
}

export interface OpenedRings {
  readonly rings: OpenRings | string;
  /** Absent where it is off, or does not work here: then `reason` says why. */
  readonly losses?: OpenRingLosses;
  readonly reason?: string;
}

/** @param wanted count losses one by one */
export function openRingsAnd(
  kernel: KernelPort,
  btf: Btf,
  pins: PinPlace,
  wanted: boolean,
): OpenedRings {
  const without = (reason: string): OpenedRings => ({
    rings: openRings(kernel, btf, pins),
    reason,
  });
  if (!wanted) return without(RING_LOSSES_OFF);
  const losses = openRingLosses(kernel, btf, pins);
  if (typeof losses === "string") return without(losses);
  const { maps, programFds, sweep } = losses;
  const rings = openRings(kernel, btf, pins, { losses: maps });
  closeLossMaps(kernel, losses);
  const wrong = typeof rings === "string"
    ? rings
    : whyNotCounting(kernel, rings, losses);
  if (typeof rings === "string" || wrong !== undefined) {
    closeRingLosses(kernel, losses);
    if (typeof rings !== "string") closeRings(kernel, rings);
    return without(wrong ?? "");
  }
  return { rings: { ...rings, losses: { programFds, sweep } }, losses };
}

/** Why losses are not counted, where nobody asked for it. */
export const RING_LOSSES_OFF =
  "off, so nothing is attached to ring buffers; --ring-losses on counts each loss";

const TRIALS = 3;
/** A packet program wants at least an Ethernet header. */
const PACKET_BYTES = 64;
const TRIAL_RING_BYTES = 1 << 16;
/** No flag of bpf_ringbuf_output() and its like. */
const NO_FLAG = 1 << 4;
const DYNPTR_BYTES = 16;
const HELPER = {
  ringbuf_output: 130,
  ringbuf_reserve: 131,
  ringbuf_discard: 133,
  ringbuf_reserve_dynptr: 198,
  ringbuf_discard_dynptr: 200,
} as const;

/** Loses events of its own, and looks for them. Undefined where they are counted, each of them. */
function whyNotCounting(
  kernel: KernelPort,
  rings: OpenRings,
  { functions }: OpenRingLosses,
): string | undefined {
  const ringFd = createMap(kernel, {
    type: MAP_TYPES.indexOf("ringbuf"),
    keyBytes: 0,
    valueBytes: 0,
    maxEntries: TRIAL_RING_BYTES,
    name: "bpfpulse_trial",
  });
  if (ringFd < 0) return `BPF_MAP_CREATE failed: ${errnoName(-ringFd)}`;
  using ring = new Fd(kernel, ringFd);
  const code = trial(ring.number, functions);
  const loaded = loadOrRefusal(kernel, {
    type: PROG_TYPES.indexOf("socket_filter"),
    ...instructionsOf(kernel, code),
    name: "bpfpulse_trial",
  });
  if (typeof loaded !== "number") return loaded.reason;
  using program = new Fd(kernel, loaded);
  const packet = kernel.allocate(PACKET_BYTES);
  const ran = testRunProgram(
    kernel,
    program.number,
    packet,
    PACKET_BYTES,
    TRIALS,
  );
  if (ran < 0) return `BPF_PROG_TEST_RUN failed: ${errnoName(-ran)}`;
  const session = new IteratorSession(
    kernel,
    iterationsOf(kernel, rings),
    rings.recordBytes,
  );
  const failure = session.run();
  if (failure !== undefined) {
    return `${failure.call} failed: ${errnoName(failure.errno)}`;
  }
  const id = objectId(kernel, ring.number);
  const lost = TRIALS * functions.length;
  for (let i = 0; i < session.count; i++) {
    const view = session.view(i);
    if (view.getUint32(RING_RECORD.id, true) !== id) continue;
    const counted = view.getUint32(RING_RECORD.lost, true);
    return counted === lost
      ? undefined
      : `${lost} losses of its own were counted as ${counted}`;
  }
  return "a ring of its own was not seen";
}

/** One failing call of each function, and one that succeeds. */
function trial(
  ringFd: number,
  functions: readonly string[],
): Uint8Array<ArrayBuffer> {
  const asm = new Assembler();
  const reserve = (bytes: number, none: string) =>
    asm.mapFd("r1", ringFd).move("r2", bytes).move("r3", 0)
      .call(HELPER.ringbuf_reserve).jump("r0", "==", 0, none)
      .move("r1", "r0").move("r2", 0).call(HELPER.ringbuf_discard)
      .label(none);
  reserve(TRIAL_RING_BYTES, "none");
  reserve(8, "full");
  if (functions.includes("bpf_ringbuf_output")) {
    asm.store(8, "r10", -8, 0)
      .mapFd("r1", ringFd).move("r2", "r10").alu64("r2", "+=", -8)
      .move("r3", 8).move("r4", NO_FLAG).call(HELPER.ringbuf_output);
  }
  if (functions.includes("bpf_ringbuf_reserve_dynptr")) {
    asm.mapFd("r1", ringFd).move("r2", 8).move("r3", NO_FLAG)
      .move("r4", "r10").alu64("r4", "+=", -DYNPTR_BYTES)
      .call(HELPER.ringbuf_reserve_dynptr)
      .move("r1", "r10").alu64("r1", "+=", -DYNPTR_BYTES).move("r2", 0)
      .call(HELPER.ringbuf_discard_dynptr);
  }
  return asm.move("r0", 0).exit().assemble();
}
