/**
 * Owns text that a process hands to its own next life: in memory alone, and unchangeable. In: text, or a descriptor's number as
 * the environment has it. Out: a sealed memfd, or its text. Source: mm/memfd.c.
 * @module
 */
import { E2BIG, EINVAL, errnoName } from "../errno.ts";
import type { KernelPort } from "../port.ts";
import type { ProcessControl } from "./control.ts";

/** Source: include/uapi/linux/memfd.h. */
const MFD_ALLOW_SEALING = 2;
/** Since 6.3, where the sysctl vm.memfd_noexec may refuse to make one without it. */
const MFD_NOEXEC_SEAL = 8;
/** Source: include/uapi/linux/fcntl.h. */
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
/** F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_WRITE. */
const ALL_SEALS = 0xf;
const SEEK_SET = 0;
const SEEK_END = 2;
const MAX_BYTES = 16 * 1024 * 1024;

/** @returns a memfd with `text` that nobody can change and execve(2) leaves open, or -errno: -E2BIG above 16 MiB */
export function seal(control: ProcessControl, text: string): number {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > MAX_BYTES) return -E2BIG;
  const name = "bpfpulse";
  let fd = control.createMemfd(name, MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  if (fd === -EINVAL) fd = control.createMemfd(name, MFD_ALLOW_SEALING);
  if (fd < 0) return fd;
  let result = 0;
  for (let at = 0; at < bytes.length && result >= 0; at += result) {
    result = control.write(fd, bytes.subarray(at));
  }
  if (result >= 0) result = control.fcntl(fd, F_ADD_SEALS, ALL_SEALS);
  if (result >= 0) return fd;
  control.close(fd);
  return result;
}

/**
 * Reads what seal() wrote and closes it. A descriptor that is none of seal()'s stays open: it is somebody else's.
 * @param fd its number, in decimal
 * @returns the text, or one sentence why there is none
 */
export function unseal(
  control: ProcessControl,
  kernel: KernelPort,
  fd: string,
): string | { readonly text: string } {
  if (!/^(0|[1-9]\d{0,8})$/.test(fd)) {
    return refusal(`found ${JSON.stringify(fd.slice(0, 40))}`);
  }
  const number = Number(fd);
  const seals = control.fcntl(number, F_GET_SEALS, 0);
  if (seals < 0) {
    return refusal(`descriptor ${number} is none (${errnoName(-seals)})`);
  }
  if ((seals & ALL_SEALS) !== ALL_SEALS) {
    return refusal(`descriptor ${number} can still be changed`);
  }
  const answer = readWhole(control, kernel, number);
  control.close(number);
  return answer;
}

function readWhole(
  control: ProcessControl,
  kernel: KernelPort,
  fd: number,
): string | { readonly text: string } {
  const size = control.seek(fd, 0, SEEK_END);
  if (size > MAX_BYTES) {
    return refusal(`descriptor ${fd} holds ${size} bytes, more than 16 MiB`);
  }
  // Whoever wrote it, or read it before, left the position elsewhere.
  const start = control.seek(fd, 0, SEEK_SET);
  if (size < 0 || start < 0) return refusal(`descriptor ${fd} cannot be read`);
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const length = kernel.read(fd, bytes.subarray(at));
    if (length <= 0) return refusal(`descriptor ${fd} cannot be read`);
    at += length;
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { text: decoder.decode(bytes) };
  } catch {
    return refusal(`descriptor ${fd} holds no text`);
  }
}

function refusal(found: string): string {
  return `Cannot take over what an earlier life left: expected the descriptor of a sealed memfd, ${found}`;
}
