/**
 * Owns the step from the life of the process that has privileges to the one that samples and serves with none: the same process,
 * executed again. In: what was acquired, and a note of plain values. Out: both, in the second life. They pass in a sealed memfd
 * whose number is the only variable that is added to the environment; arguments stay as they were typed.
 * @module
 */
import {
  bindTcp,
  bindUnix,
  dropPrivileges,
  duplicate,
  errnoName,
  executeAgain,
  findUser,
  holdSignals,
  type KernelPort,
  openProcessControl,
  type ProcessControl,
  readNumber,
  releaseSignals,
  seal,
  setCloseOnExec,
  unreadableBy,
  unseal,
  type UserIds,
} from "../ffi/process.ts";
import type { Acquisition } from "./acquire.ts";
import type { Unprivileged } from "./privileges.ts";
import { privilegesNow } from "./privileges.ts";

export type { UserIds } from "../ffi/mod.ts";

/** Raised with every change of what is handed over: both lives are of one build, so another number is somebody else's. */
const VERSION = 1;

/** What the first life leaves. */
export interface Estate<Note> {
  readonly acquired: Acquisition;
  /** Whatever else the second life needs; plain values. */
  readonly note: Note;
}

export interface HandOverOptions {
  /** Listeners and whatever else is to stay open, beside what was acquired. */
  readonly fds: readonly number[];
  readonly user?: UserIds | undefined;
}

/** An address, as acquire's caller has it. */
export type Bindable =
  | { readonly host: string; readonly port: number }
  | { readonly path: string };

/** What the main thread may do to its own process. Nothing is loaded before it is used. */
export interface Lives {
  /** What an earlier life of this process left; undefined in the first; one sentence where that cannot be used. */
  takeOver<Note>(): Estate<Note> | string | undefined;
  /** Gives up every privilege but what is to be kept and begins the second life. Answers only where that failed: one sentence. */
  handOver<Note>(estate: Estate<Note>, options: HandOverOptions): string;
  readonly unprivileged: Unprivileged;
  /** One sentence where there is no such user. */
  findUser(nameOrUid: string): UserIds | string;
  /** The first path that keeps `user` from running this program; undefined where none does. */
  unreadableBy(user: UserIds, paths: readonly string[]): string | undefined;
  /** A listening socket, or the name of the errno. */
  bind(address: Bindable, backlog: number): number | string;
  /** Another descriptor of the same open file, or the name of the errno. */
  duplicate(fd: number): number | string;
  close(fd: number): void;
  /** Below it a port needs CAP_NET_BIND_SERVICE. */
  firstUnprivilegedPort(): number;
  /** Whether there is any capability to give up. */
  hasPrivileges(): boolean;
  /** Has SIGTERM, SIGINT and SIGHUP wait until they are released, in whichever life that is. */
  holdSignals(): void;
  releaseSignals(): void;
}

/** Where the kernel does not say. */
const USUAL_FIRST_PORT = 1024;

/**
 * @param variable holds the memfd's number between the two lives
 * @param open is called at the first use
 */
export function livesOf(
  kernel: KernelPort,
  variable: string,
  open: () => ProcessControl = openProcessControl,
): Lives {
  let opened: ProcessControl | undefined;
  const control = () => opened ??= open();
  return {
    takeOver: <Note>() => takeOver<Note>(kernel, control, variable),
    handOver: (estate, options) =>
      handOver(kernel, control(), variable, estate, options),
    unprivileged: (probe) => unprivileged(control(), probe),
    findUser: (nameOrUid) => findUser(kernel, nameOrUid),
    unreadableBy: (user, paths) => unreadableBy(control(), kernel, user, paths),
    bind: (address, backlog) =>
      named(
        "path" in address
          ? bindUnix(control(), address.path, backlog)
          : bindTcp(control(), address.host, address.port, backlog),
      ),
    duplicate: (fd) => named(duplicate(control(), fd)),
    close: (fd) => void kernel.close(fd),
    firstUnprivilegedPort: () =>
      readNumber(kernel, "/proc/sys/net/ipv4/ip_unprivileged_port_start") ??
        USUAL_FIRST_PORT,
    hasPrivileges() {
      const sets = control().capabilities();
      return typeof sets === "number" || sets.permitted !== 0n;
    },
    holdSignals: () => holdSignals(control()),
    releaseSignals: () => releaseSignals(control()),
  };
}

function handOver<Note>(
  kernel: KernelPort,
  control: ProcessControl,
  variable: string,
  estate: Estate<Note>,
  { fds, user }: HandOverOptions,
): string {
  const memfd = seal(control, JSON.stringify({ version: VERSION, ...estate }));
  if (memfd < 0) {
    return `Cannot begin a life without privileges: memfd_create failed with ${
      errnoName(-memfd)
    }`;
  }
  for (const fd of [...estate.acquired.fds, ...fds]) {
    setCloseOnExec(control, fd, false);
  }
  Deno.env.set(variable, String(memfd));
  return dropPrivileges(control, {
    keep: estate.acquired.keep.map(({ capability }) => capability),
    ...(user === undefined ? {} : { user }),
  }) ?? executeAgain(control, kernel);
}

function takeOver<Note>(
  kernel: KernelPort,
  control: () => ProcessControl,
  variable: string,
): Estate<Note> | string | undefined {
  const number = Deno.env.get(variable);
  if (number === undefined) return undefined;
  Deno.env.delete(variable);
  const unsealed = unseal(control(), kernel, number);
  if (typeof unsealed === "string") return whyNot(unsealed, variable);
  const estate = read<Note>(unsealed.text);
  if (estate === undefined) {
    return whyNot(
      "Cannot take over what an earlier life left: expected that of this version of bpfpulse, found something else",
      variable,
    );
  }
  const { acquired, note } = estate;
  for (const fd of acquired.fds) setCloseOnExec(control(), fd, true);
  const { facts, keep } = acquired;
  return {
    note,
    acquired: {
      ...acquired,
      facts: { ...facts, privileges: privilegesNow(kernel, true, keep) },
    },
  };
}

function whyNot(sentence: string, variable: string): string {
  return `${sentence}; unset ${variable}, which bpfpulse sets for itself`;
}

function read<Note>(text: string): Estate<Note> | undefined {
  try {
    const estate = JSON.parse(text);
    return estate?.version === VERSION && Array.isArray(estate.acquired?.fds)
      ? estate
      : undefined;
  } catch {
    return undefined;
  }
}

/** This thread's effective set alone is emptied, which its permitted one fills again. */
function unprivileged<T>(control: ProcessControl, probe: () => T): T {
  const sets = control.capabilities();
  if (typeof sets === "number") return probe();
  control.setCapabilities({ ...sets, effective: 0n });
  try {
    return probe();
  } finally {
    control.setCapabilities(sets);
  }
}

function named(result: number): number | string {
  return result < 0 ? errnoName(-result) : result;
}
