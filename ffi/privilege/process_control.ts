/**
 * Owns ProcessControl on the real kernel. In: nothing. Out: openProcessControl(), for the calling thread. These functions are
 * used once or twice in a life, so they are loaded when somebody asks for them, not with every worker's port.
 * @module
 */
import { loadLibc } from "../libc.ts";
import { openReadLink } from "../read_link.ts";
import type { CapabilitySets, ProcessControl } from "./control.ts";

/**
 * Each comment is the C prototype. A parameter that C reads as a `long`, as variadic ones are, is a usize: the kernel refuses
 * some of them for a bit in the upper half, which nobody sets of a 32-bit one.
 */
const SYMBOLS = {
  /** long syscall(long number, struct __user_cap_header_struct *header, struct __user_cap_data_struct *data); */
  capabilities: {
    name: "syscall",
    parameters: ["i32", "buffer", "buffer"],
    result: "i32",
  },
  /** long syscall(long number, int size, const gid_t *list); */
  setgroups: {
    name: "syscall",
    parameters: ["i32", "i32", "buffer"],
    result: "i32",
  },
  /** long syscall(long number, uid_t real, uid_t effective, uid_t saved); */
  setresid: {
    name: "syscall",
    parameters: ["i32", "u32", "u32", "u32"],
    result: "i32",
  },
  /** long syscall(long number, uid_t id); */
  setfsid: { name: "syscall", parameters: ["i32", "u32"], result: "u32" },
  /** long syscall(long number, const char *name, unsigned int flags); */
  memfd_create: {
    name: "syscall",
    parameters: ["i32", "buffer", "u32"],
    result: "i32",
  },
  /** int prctl(int option, ...); */
  prctl: {
    parameters: ["i32", "usize", "usize", "usize", "usize"],
    result: "i32",
  },
  /** int getgroups(int size, gid_t list[]); */
  getgroups: { parameters: ["i32", "buffer"], result: "i32" },
  /** ssize_t write(int fd, const void *buf, size_t count); */
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  /** off_t lseek(int fd, off_t offset, int whence); */
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  /** int fcntl(int fd, int cmd, ...); */
  fcntl: { parameters: ["i32", "i32", "usize"], result: "i32" },
  /** int close(int fd); */
  close: { parameters: ["i32"], result: "i32" },
  /** int execv(const char *path, char *const argv[]); */
  execv: { parameters: ["buffer", "buffer"], result: "i32" },
  /** int sigprocmask(int how, const sigset_t *set, sigset_t *old); */
  sigprocmask: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  /** int socket(int domain, int type, int protocol); */
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  /** int setsockopt(int fd, int level, int name, const void *value, socklen_t length); */
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  /** int bind(int fd, const struct sockaddr *address, socklen_t length); */
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  /** int listen(int fd, int backlog); */
  listen: { parameters: ["i32", "i32"], result: "i32" },
  /** int *__errno_location(void); */
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Source: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. */
const SYSCALL_NUMBERS = {
  x86_64: {
    setgroups: 116,
    setresuid: 117,
    setresgid: 119,
    setfsuid: 122,
    setfsgid: 123,
    capget: 125,
    capset: 126,
    memfd_create: 319,
  },
  aarch64: {
    setgroups: 159,
    setresuid: 147,
    setresgid: 149,
    setfsuid: 151,
    setfsgid: 152,
    capget: 90,
    capset: 91,
    memfd_create: 279,
  },
} as const;

/** _LINUX_CAPABILITY_VERSION_3: two words for each set. Source: include/uapi/linux/capability.h. */
const CAPABILITY_VERSION_3 = 0x20080522;
const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;
/** Below about 64 bytes the engine may keep an array on its own heap, and move it. */
const FIXED_BYTES = 128;

/**
 * Opens the calling thread's process control.
 * @throws {Error} where there is no `libc.so.6`, or the runtime forbids FFI.
 */
export function openProcessControl(): ProcessControl {
  const symbols = loadLibc(SYMBOLS);
  const numbers = SYSCALL_NUMBERS[Deno.build.arch];
  const errnoPointer = symbols.__errno_location();
  if (errnoPointer === null) throw new Error("libc has no errno location");
  const errno = new Int32Array(
    Deno.UnsafePointerView.getArrayBuffer(errnoPointer, 4),
  );
  const header = new Uint32Array(FIXED_BYTES / 4);
  header[0] = CAPABILITY_VERSION_3;
  /** effective, permitted, inheritable of bits 0 to 31, then of bits 32 to 63 */
  const sets = new Uint32Array(FIXED_BYTES / 4);
  const word = (index: number): bigint =>
    BigInt(sets[index]) | (BigInt(sets[index + 3]) << 32n);
  const answer = (result: number): number => result < 0 ? -errno[0] : result;

  return {
    prctl: (option, second, third) =>
      answer(symbols.prctl(option, BigInt(second), BigInt(third), 0n, 0n)),
    capabilities() {
      const result = symbols.capabilities(numbers.capget, header, sets);
      if (result < 0) return -errno[0];
      return { effective: word(0), permitted: word(1), inheritable: word(2) };
    },
    setCapabilities({ effective, permitted, inheritable }: CapabilitySets) {
      [effective, permitted, inheritable].forEach((set, index) => {
        sets[index] = Number(set & 0xffff_ffffn);
        sets[index + 3] = Number(set >> 32n);
      });
      return answer(symbols.capabilities(numbers.capset, header, sets));
    },
    groups() {
      const count = symbols.getgroups(0, new Uint32Array(FIXED_BYTES / 4));
      if (count < 0) return -errno[0];
      const list = new Uint32Array(Math.max(count, FIXED_BYTES / 4));
      const result = symbols.getgroups(count, list);
      return result < 0 ? -errno[0] : [...list.subarray(0, result)];
    },
    setGroups(groups) {
      const list = new Uint32Array(Math.max(groups.length, FIXED_BYTES / 4));
      list.set(groups);
      return answer(symbols.setgroups(numbers.setgroups, groups.length, list));
    },
    setGid: (gid) => answer(symbols.setresid(numbers.setresgid, gid, gid, gid)),
    setUid: (uid) => answer(symbols.setresid(numbers.setresuid, uid, uid, uid)),
    setFileGid: (gid) => symbols.setfsid(numbers.setfsgid, gid),
    setFileUid: (uid) => symbols.setfsid(numbers.setfsuid, uid),
    createMemfd: (name, flags) =>
      answer(symbols.memfd_create(numbers.memfd_create, cString(name), flags)),
    write: (fd, bytes) =>
      answer(symbols.write(fd, bytes, BigInt(bytes.length))),
    seek(fd, offset, whence) {
      const result = symbols.lseek(fd, BigInt(offset), whence);
      return result < 0n ? -errno[0] : Number(result);
    },
    fcntl: (fd, command, argument) =>
      answer(symbols.fcntl(fd, command, BigInt(argument))),
    close: (fd) => answer(symbols.close(fd)),
    readLink: openReadLink(),
    execute(path, strings) {
      const { addresses, memory } = argumentVector(strings);
      const result = symbols.execv(terminated([path]), addresses);
      // The engine must not free what the addresses point into before the call is over.
      return result < 0 && memory.length > 0 ? -errno[0] : 0;
    },
    maskSignals(block, signals) {
      const set = new Uint32Array(FIXED_BYTES / 4);
      for (const signal of signals) set[(signal - 1) >> 5] |= 1 << (signal - 1);
      const how = block ? SIG_BLOCK : SIG_UNBLOCK;
      const before = new Uint32Array(FIXED_BYTES / 4);
      return answer(symbols.sigprocmask(how, set, before));
    },
    socket: (family, type) => answer(symbols.socket(family, type, 0)),
    setSocketOption(fd, level, name, value) {
      const bytes = new Int32Array(FIXED_BYTES / 4);
      bytes[0] = value;
      return answer(symbols.setsockopt(fd, level, name, bytes, 4));
    },
    bind(fd, address) {
      const bytes = new Uint8Array(Math.max(address.length, FIXED_BYTES));
      bytes.set(address);
      return answer(symbols.bind(fd, bytes, address.length));
    },
    listen: (fd, backlog) => answer(symbols.listen(fd, backlog)),
  };
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return terminated([new TextEncoder().encode(text)]);
}

/** All of them, one after the other, each with its NUL. */
function terminated(
  strings: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> {
  const length = strings.reduce((sum, { length }) => sum + length + 1, 0);
  const memory = new Uint8Array(Math.max(length, FIXED_BYTES));
  let at = 0;
  for (const string of strings) {
    memory.set(string, at);
    at += string.length + 1;
  }
  return memory;
}

/** `char *argv[]`, and the memory that it points into. */
function argumentVector(strings: readonly Uint8Array<ArrayBuffer>[]): {
  addresses: BigUint64Array<ArrayBuffer>;
  memory: Uint8Array<ArrayBuffer>;
} {
  const memory = terminated(strings);
  const addresses = new BigUint64Array(
    Math.max(strings.length + 1, FIXED_BYTES / 8),
  );
  let address = BigInt(
    Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory)),
  );
  strings.forEach((string, index) => {
    addresses[index] = address;
    address += BigInt(string.length + 1);
  });
  return { addresses, memory };
}
