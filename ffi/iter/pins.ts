/**
 * Owns the pinning of iterators' links where nobody sees it, so that they can be read without a bpf() call, by whoever holds the
 * descriptor: no privilege is asked for, on any kernel. In: a port, links. Out: descriptors of pins that are unlinked already and
 * go with their last descriptor. Source: kernel/bpf/inode.c bpf_obj_do_pin(), bpffs_obj_open() and bpf_iter_fops.
 * @module
 */
import { pinObject } from "../bpf.ts";
import type { Btf } from "../btf/btf.ts";
import { type KernelPort, O_PATH } from "../port.ts";
import { type IteratorMaps, type OpenIterator, openIterator } from "./open.ts";
import type { PerCpu } from "./per_cpu.ts";
import type { RecordTable } from "./table.ts";

const MOUNTED = "/sys/fs/bpf";
/** A pin is born 0600, and in a later life its reader may be another user. */
const READABLE = 0o644;

/** Where links are pinned for a moment. Closing it leaves the pins that were opened. */
export class PinPlace implements Disposable {
  readonly #kernel: KernelPort;
  /** -errno where no file system of our own can be made. */
  readonly #mount: number;

  constructor(kernel: KernelPort) {
    this.#kernel = kernel;
    this.#mount = kernel.mountDetached("bpf");
  }

  /**
   * A descriptor of the place (O_PATH) of a pin of what `fd` refers to, or -errno. Needs CAP_SYS_ADMIN, or a mounted bpffs in
   * which this process may write.
   */
  pin(fd: number): number {
    const kernel = this.#kernel;
    const directory = this.#mount < 0
      ? MOUNTED
      : `/proc/self/fd/${this.#mount}`;
    // Others may look into a mounted bpffs, and bpffs keeps names with a dot for itself.
    const path = `${directory}/bpfpulse_${crypto.randomUUID()}`;
    const pinned = pinObject(kernel, fd, path);
    if (pinned < 0) return pinned;
    const readable = kernel.chmod(path, READABLE);
    const place = readable < 0 ? readable : kernel.open(path, O_PATH);
    kernel.unlink(path);
    return place;
  }

  [Symbol.dispose](): void {
    if (this.#mount >= 0) this.#kernel.close(this.#mount);
  }
}

/** As openIterator(), with a pin where one can be made. */
export function openPinned(
  kernel: KernelPort,
  btf: Btf,
  table: RecordTable,
  perCpu: PerCpu,
  pins: PinPlace,
  maps?: IteratorMaps,
): OpenIterator | string {
  return pinned(openIterator(kernel, btf, table, perCpu, maps), pins);
}

/** What was opened, with a pin where one can be made. */
export function pinned(
  opened: OpenIterator | string,
  pins: PinPlace,
): OpenIterator | string {
  if (typeof opened === "string") return opened;
  const pinFd = pins.pin(opened.linkFd);
  return pinFd < 0 ? opened : { ...opened, pinFd };
}

/** Closes what openPinned() opened. */
export function closeIterator(
  kernel: KernelPort,
  { linkFd, pinFd, boundFd }: OpenIterator,
): void {
  kernel.close(linkFd);
  if (boundFd !== undefined) kernel.close(boundFd);
  if (pinFd !== undefined) kernel.close(pinFd);
}
