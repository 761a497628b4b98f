/**
 * Owns the measuring of what counting bpf() operations costs here. In: a port, a map's descriptor, a turn that has them counted for a
 * while. Out: ns that a call takes longer. What a call costs by itself is the same with and without, and falls out.
 * @module
 */
import { BPF, type KernelPort } from "../ffi/mod.ts";
import type { OperationsCost } from "./operations_model.ts";

/** The fastest of several short ones is the least disturbed. */
const SLICES = 24;
const CALLS = 64;
/** Until the runtime has made fast code of the loops. */
const WARM_UP_SLICES = 16;
const NS_PER_MS = 1e6;
const ATTR_BYTES = 32;
const NO_FD = -1;

/** ns a call. */
interface Taken {
  readonly bpfNs: number;
  readonly otherNs: number;
}

/** Measures, again and again. */
export class CallTimer {
  readonly #kernel: KernelPort;
  readonly #bpf: () => void;

  /** @param mapFd of any map: its keys are walked, which changes nothing */
  constructor(kernel: KernelPort, mapFd: number) {
    this.#kernel = kernel;
    const attr = kernel.allocate(ATTR_BYTES);
    const next = kernel.allocate(8);
    attr.view.setUint32(0, mapFd, true);
    attr.view.setUint32(16, next.addressLow, true);
    attr.view.setUint32(20, next.addressHigh, true);
    this.#bpf = () => {
      kernel.bpf(BPF.MAP_GET_NEXT_KEY, attr.bytes, ATTR_BYTES);
    };
    for (let i = 0; i < WARM_UP_SLICES; i++) this.#measure(this.#bpf);
    for (let i = 0; i < WARM_UP_SLICES; i++) this.#measure(this.#other);
  }

  take(): Taken {
    let [bpfNs, otherNs] = [Infinity, Infinity];
    for (let i = 0; i < SLICES; i++) {
      bpfNs = Math.min(bpfNs, this.#measure(this.#bpf));
      otherNs = Math.min(otherNs, this.#measure(this.#other));
    }
    return { bpfNs, otherNs };
  }

  /** Refused at once: no descriptor is closed. */
  readonly #other = (): void => {
    this.#kernel.close(NO_FD);
  };

  #measure(call: () => void): number {
    const startMs = this.#kernel.monotonicMs();
    for (let i = 0; i < CALLS; i++) call();
    return (this.#kernel.monotonicMs() - startMs) * NS_PER_MS / CALLS;
  }
}

/** What calls took longer between two that were undisturbed; never less than nothing. */
export function costOf(
  before: Taken,
  during: Taken,
  after: Taken,
): OperationsCost {
  const more = (name: keyof Taken) =>
    Math.max(0, Math.round(during[name] - Math.min(before[name], after[name])));
  return { bpfNs: more("bpfNs"), otherNs: more("otherNs") };
}
