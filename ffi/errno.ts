/**
 * Owns the names of Linux error numbers and the one error class of this layer. In: an errno. Out: its name, or a
 * KernelError that says which call failed with it. Source: include/uapi/asm-generic/errno{-base,}.h, include/linux/errno.h.
 * @module
 */

export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const E2BIG = 7;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EBUSY = 16;
export const ENODEV = 19;
export const ENOTDIR = 20;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENOSPC = 28;
export const ENAMETOOLONG = 36;
export const ENOSYS = 38;
/** What BPF_OBJ_GET_INFO_BY_FD answers where other commands answer EBADF. */
export const EBADFD = 77;
export const EOPNOTSUPP = 95;
export const EAFNOSUPPORT = 97;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
/** Not in user space's headers, yet bpf() answers it. */
export const ENOTSUPP = 524;

const NAMES: ReadonlyMap<number, string> = new Map([
  [EPERM, "EPERM"],
  [ENOENT, "ENOENT"],
  [EINTR, "EINTR"],
  [5, "EIO"],
  [E2BIG, "E2BIG"],
  [EBADF, "EBADF"],
  [EAGAIN, "EAGAIN"],
  [ENOMEM, "ENOMEM"],
  [EACCES, "EACCES"],
  [EFAULT, "EFAULT"],
  [EBUSY, "EBUSY"],
  [17, "EEXIST"],
  [ENODEV, "ENODEV"],
  [ENOTDIR, "ENOTDIR"],
  [21, "EISDIR"],
  [EINVAL, "EINVAL"],
  [ENFILE, "ENFILE"],
  [EMFILE, "EMFILE"],
  [ENOSPC, "ENOSPC"],
  [30, "EROFS"],
  [34, "ERANGE"],
  [ENAMETOOLONG, "ENAMETOOLONG"],
  [ENOSYS, "ENOSYS"],
  [75, "EOVERFLOW"],
  [EBADFD, "EBADFD"],
  [EOPNOTSUPP, "EOPNOTSUPP"],
  [EAFNOSUPPORT, "EAFNOSUPPORT"],
  [EADDRINUSE, "EADDRINUSE"],
  [EADDRNOTAVAIL, "EADDRNOTAVAIL"],
  [ENOTSUPP, "ENOTSUPP"],
]);

/** `EPERM` for 1; `errno 999` for a number without a name here. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}

/** A call into the kernel that failed where the caller cannot go on without it. */
export class KernelError extends Error {
  override readonly name = "KernelError";

  /** @param call what was called, as `BPF_MAP_CREATE`; @param errno positive */
  constructor(
    readonly call: string,
    readonly errno: number,
    detail = "",
  ) {
    super(
      `${call} failed: ${errnoName(errno)}${
        detail === "" ? "" : `\n${detail}`
      }`,
    );
  }
}
