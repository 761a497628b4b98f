/**
 * Owns what the agent reads under /proc and /sys: whole small files and directory listings, by the same port as bpf(),
 * for the runtime's own file API refuses these paths without all permissions. In: a port and absolute paths. Out: text,
 * names, parsed numbers; undefined where the file cannot be read (it may normally be missing, or be somebody else's).
 * @module
 */
import { ENOENT } from "./errno.ts";
import { Fd } from "./fd.ts";
import { type KernelPort, O_DIRECTORY } from "./port.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The whole file as text, or undefined. */
export function readText(
  kernel: KernelPort,
  path: string,
): string | undefined {
  const number = kernel.open(path);
  if (number < 0) return undefined;
  using fd = new Fd(kernel, number);
  const chunk = new Uint8Array(4096);
  let text = "";
  for (;;) {
    const length = kernel.read(fd.number, chunk);
    if (length <= 0) {
      // Half a character may be left in the decoder; it must not begin the next file.
      text += decoder.decode();
      return length < 0 ? undefined : text;
    }
    text += decoder.decode(chunk.subarray(0, length), { stream: true });
  }
}

/** A file that holds one whole number, or undefined. */
export function readNumber(
  kernel: KernelPort,
  path: string,
): number | undefined {
  const text = readText(kernel, path)?.trim();
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** The names in a directory but `.` and `..`, in the kernel's order, or undefined. */
export function listDirectory(
  kernel: KernelPort,
  path: string,
): string[] | undefined {
  const number = kernel.open(path, O_DIRECTORY);
  if (number < 0) return undefined;
  using fd = new Fd(kernel, number);
  const chunk = new Uint8Array(4096);
  const view = new DataView(chunk.buffer);
  const names: string[] = [];
  for (;;) {
    const length = kernel.readDirectory(fd.number, chunk);
    if (length < 0) return undefined;
    if (length === 0) return names;
    // struct linux_dirent64: d_ino 8, d_off 8, d_reclen 2, d_type 1, d_name
    for (let at = 0; at < length;) {
      const end = at + view.getUint16(at + 16, true);
      const nul = chunk.indexOf(0, at + 19);
      const name = decoder.decode(chunk.subarray(at + 19, Math.min(nul, end)));
      if (name !== "." && name !== "..") names.push(name);
      at = end;
    }
  }
}

/** True while thread `id` of this process exists, and where that cannot be told: as when no descriptor is left. */
export function threadExists(kernel: KernelPort, id: number): boolean {
  const number = kernel.open(`/proc/self/task/${id}/comm`);
  if (number >= 0) kernel.close(number);
  return number !== -ENOENT;
}

/** What a process uses, as the process_* metrics have it. Absent: what its /proc files do not tell. */
export interface ProcessUsage {
  readonly cpuUserSeconds?: number;
  readonly cpuSystemSeconds?: number;
  /** Unix time */
  readonly startTimeSeconds?: number;
  readonly residentBytes?: number;
  readonly virtualBytes?: number;
  readonly heapBytes?: number;
  readonly openFds?: number;
  readonly maxFds?: number;
}

/** USER_HZ: fixed at 100 in every kernel's interface to user space. */
const TICKS_PER_SECOND = 100;

/** Reads the usage of this process. Source: Documentation/filesystems/proc.rst. */
export function readProcessUsage(kernel: KernelPort): ProcessUsage {
  const stat = readText(kernel, "/proc/self/stat");
  const status = readText(kernel, "/proc/self/status");
  const limits = readText(kernel, "/proc/self/limits");
  const bootTime = readText(kernel, "/proc/stat")?.match(/^btime (\d+)$/m);
  // One of them is the descriptor of the listing itself.
  const openFds = listDirectory(kernel, "/proc/self/fd");
  // The command name, in parentheses, may hold spaces and parentheses: fields are counted from the last one.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  const maxFds = limits?.match(/^Max open files\s+(\d+)/m);
  const usage: Record<keyof ProcessUsage, number | undefined> = {
    cpuUserSeconds: fields && fields[11] / TICKS_PER_SECOND,
    cpuSystemSeconds: fields && fields[12] / TICKS_PER_SECOND,
    startTimeSeconds: fields && bootTime
      ? Number(bootTime[1]) + fields[19] / TICKS_PER_SECOND
      : undefined,
    residentBytes: statusBytes(status, "VmRSS"),
    virtualBytes: statusBytes(status, "VmSize"),
    heapBytes: statusBytes(status, "VmData"),
    openFds: openFds && openFds.length - 1,
    maxFds: maxFds ? Number(maxFds[1]) : undefined,
  };
  return Object.fromEntries(
    Object.entries(usage).filter(([, value]) => value !== undefined),
  );
}

function statusBytes(
  status: string | undefined,
  key: string,
): number | undefined {
  const match = status?.match(new RegExp(`^${key}:\\s+(\\d+) kB$`, "m"));
  return match ? Number(match[1]) * 1024 : undefined;
}
