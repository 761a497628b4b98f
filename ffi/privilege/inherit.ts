/**
 * Owns which descriptors outlive execve(2). In: a descriptor. Out: its mark, or another number for the same open file.
 * Source: include/uapi/linux/fcntl.h.
 * @module
 */
import type { ProcessControl } from "./control.ts";

const F_SETFD = 2;
const F_DUPFD_CLOEXEC = 1030;
const FD_CLOEXEC = 1;
/** Not one of those that the runtime takes for its standard streams. */
const FIRST_FREE = 3;

/** Marks `fd` to be closed by execve(2), or not. @returns 0, or -errno */
export function setCloseOnExec(
  control: ProcessControl,
  fd: number,
  on: boolean,
): number {
  return control.fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0);
}

/** @returns another number for the same open file, closed by execve(2), or -errno */
export function duplicate(control: ProcessControl, fd: number): number {
  return control.fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE);
}
