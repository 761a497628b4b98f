/**
 * Owns what is found out about the kernel itself, once, at start. In: a port. Out: its release, its memory, and whether its own
 * type information can be read: plain values.
 * @module
 */
import { errnoName, Fd, type KernelPort, readText } from "../ffi/mod.ts";

/** The kernel's own BTF, `/sys/kernel/btf/vmlinux`. */
export type KernelBtfFacts =
  | { readonly sizeBytes: number }
  /** Why it cannot be read, as a sentence without its period: `open of … failed: ENOENT`. */
  | { readonly reason: string };

const RELEASE_FILE = "/proc/sys/kernel/osrelease";
const BTF_FILE = "/sys/kernel/btf/vmlinux";

/** As `6.18.5`; undefined where it cannot be read. */
export function kernelRelease(kernel: KernelPort): string | undefined {
  return readText(kernel, RELEASE_FILE)?.trim();
}

/** Bytes of memory that the kernel has for all; undefined where it is not told. */
export function totalMemory(kernel: KernelPort): number | undefined {
  const found = readText(kernel, "/proc/meminfo")
    ?.match(/^MemTotal:\s+(\d+) kB$/m);
  return found ? Number(found[1]) * 1024 : undefined;
}

/** `struct btf_header`: magic 2, version 1, flags 1, hdr_len 4, type_off 4, type_len 4, str_off 4, str_len 4. */
const HEADER_BYTES = 24;
const MAGIC = 0xeb9f;

/** Opens the kernel's BTF and reads its header, which tells the size of the whole. */
export function kernelBtf(kernel: KernelPort): KernelBtfFacts {
  const number = kernel.open(BTF_FILE);
  if (number < 0) {
    return { reason: `open of ${BTF_FILE} failed: ${errnoName(-number)}` };
  }
  using fd = new Fd(kernel, number);
  const header = new Uint8Array(HEADER_BYTES);
  const length = kernel.read(fd.number, header);
  if (length < 0) {
    return { reason: `read of ${BTF_FILE} failed: ${errnoName(-length)}` };
  }
  const view = new DataView(header.buffer);
  if (length < HEADER_BYTES || view.getUint16(0, true) !== MAGIC) {
    return { reason: `${BTF_FILE} does not begin with a BTF header` };
  }
  const [headerBytes, typesAt, typesBytes, stringsAt, stringsBytes] = [
    ...new Uint32Array(header.buffer, 4),
  ];
  return {
    sizeBytes: headerBytes +
      Math.max(typesAt + typesBytes, stringsAt + stringsBytes),
  };
}
