/**
 * Owns the reading of BTF files, as /sys/kernel/btf has them. In: a port and a path. Out: one buffer that holds the whole
 * file and no more; a negative errno where it cannot be read. The header says how long it is, for the port has no stat().
 * Everybody may read these files, and each read() of one gives a page at most. Source: kernel/bpf/sysfs_btf.c.
 * @module
 */
import { EINTR } from "../errno.ts";
import { Fd } from "../fd.ts";
import type { KernelPort } from "../port.ts";
import { BtfError, bytesOfAll, HEADER_BYTES, readSections } from "./header.ts";

export const KERNEL_BTF_PATH = "/sys/kernel/btf/vmlinux";

/** A bound against a header that lies: kernels have 3 to 6 MB, and load no BTF of more than 16 MB (BTF_MAX_SIZE). */
const MOST_BYTES = 64 * 2 ** 20;

/**
 * The bytes of a BTF file, of which only the header has been looked at, or -errno: -ENOENT where the kernel was built without.
 * @throws {BtfError} where it has no header of BTF, or ends before its header says.
 */
export function readBtf(
  kernel: KernelPort,
  path: string = KERNEL_BTF_PATH,
): Uint8Array<ArrayBuffer> | number {
  const number = kernel.open(path);
  if (number < 0) return number;
  using fd = new Fd(kernel, number);
  const header = new Uint8Array(HEADER_BYTES);
  const headerBytes = fill(kernel, fd.number, header);
  if (headerBytes < 0) return headerBytes;
  const size = bytesOfAll(readSections(header.subarray(0, headerBytes)));
  if (size > MOST_BYTES) {
    throw new BtfError(
      `Cannot read BTF: expected ${MOST_BYTES} bytes or fewer, found ${size}`,
    );
  }
  const { bytes } = kernel.allocate(size);
  bytes.set(header);
  const restBytes = fill(
    kernel,
    fd.number,
    bytes.subarray(HEADER_BYTES, size),
  );
  if (restBytes < 0) return restBytes;
  // What lies behind a file that is too short must not count as read.
  const read = bytes.subarray(0, HEADER_BYTES + restBytes);
  if (read.length < size) {
    throw new BtfError(
      `Cannot read BTF: expected ${size} bytes in ${path}, found ${read.length}`,
    );
  }
  return read;
}

/** Reads until `into` is full or the file ends: bytes read, or -errno. */
function fill(
  kernel: KernelPort,
  fd: number,
  into: Uint8Array<ArrayBuffer>,
): number {
  let filled = 0;
  while (filled < into.length) {
    const length = kernel.read(fd, into.subarray(filled));
    if (length === -EINTR) continue;
    if (length < 0) return length;
    if (length === 0) break;
    filled += length;
  }
  return filled;
}
