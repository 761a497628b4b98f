/**
 * Owns which user the agent may become. In: a name or number, and paths. Out: its ids, and what that user could not read.
 * @module
 */
import { EACCES, EPERM } from "../errno.ts";
import { Fd } from "../fd.ts";
import type { KernelPort } from "../port.ts";
import { readText } from "../procfs.ts";
import type { ProcessControl } from "./control.ts";

/** Somebody to run as. */
export interface UserIds {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** The number after it means "as it is" to setresuid(2) and setfsuid(2). */
const MAX_ID = 0xffff_fffe;
const AS_IT_IS = 0xffff_ffff;
const CAP_SETGID = 1n << 6n;
const CAP_SETUID = 1n << 7n;
/** A named pipe is opened without a writer. Source: include/uapi/asm-generic/fcntl.h. */
const O_NONBLOCK = 0o4000;

/**
 * The user of that name, else of that number, in /etc/passwd. A number need not be listed: its group has the same one then.
 * @returns its ids, or one sentence why there is none
 */
export function findUser(
  kernel: KernelPort,
  nameOrUid: string,
): UserIds | string {
  const passwd = readText(kernel, "/etc/passwd");
  const users = (passwd ?? "").split("\n").map(parseUser)
    .filter((user) => user !== undefined);
  const number = idOf(nameOrUid);
  const found = users.find(({ name }) => name === nameOrUid) ??
    users.find(({ uid }) => uid === number);
  if (found) return found;
  if (number !== undefined) {
    return { uid: number, gid: number, name: nameOrUid };
  }
  const reason = passwd === undefined ? ", which cannot be read" : "";
  return `Cannot run as another user: expected a name in /etc/passwd${reason} or a number from 0 to ${MAX_ID}, found ${
    JSON.stringify(nameOrUid)
  }`;
}

/** name:password:uid:gid:comment:home:shell, passwd(5). */
function parseUser(line: string): UserIds | undefined {
  const [name, , uidText, gidText] = line.split(":");
  const uid = idOf(uidText);
  const gid = idOf(gidText);
  return name === "" || uid === undefined || gid === undefined
    ? undefined
    : { uid, gid, name };
}

function idOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  return Number(text) <= MAX_ID ? Number(text) : undefined;
}

/**
 * The first of `paths` that `user` without capabilities and without further groups could not read, or enter where it is a
 * directory; found by trying as that user, in this thread alone. What is not there at all is not counted: nobody can read it.
 * @returns undefined too where this thread cannot try, for then it cannot become that user either
 */
export function unreadableBy(
  control: ProcessControl,
  kernel: KernelPort,
  user: UserIds,
  paths: readonly string[],
): string | undefined {
  const sets = control.capabilities();
  const groups = control.groups();
  if (typeof sets === "number" || typeof groups === "number") return undefined;
  // Only what leads back: every other capability could open what the user may not.
  const wayBack = sets.permitted & (CAP_SETGID | CAP_SETUID);
  if (control.setCapabilities({ ...sets, effective: wayBack }) < 0) {
    return undefined;
  }
  let gid: number | undefined;
  let uid: number | undefined;
  try {
    if (groups.length > 0 && control.setGroups([]) < 0) return undefined;
    gid = control.setFileGid(user.gid);
    uid = control.setFileUid(user.uid);
    // A change of the file system id from 0 gives and takes capabilities of its own accord.
    control.setCapabilities({ ...sets, effective: wayBack });
    return isTried(control, user)
      ? paths.find((path) => isRefused(kernel, path))
      : undefined;
  } finally {
    if (uid !== undefined) control.setFileUid(uid);
    if (gid !== undefined) control.setFileGid(gid);
    if (groups.length > 0) control.setGroups(groups);
    control.setCapabilities(sets);
  }
}

/** These calls tell no failure: what the ids are now is what asking for an impossible one answers. */
function isTried(control: ProcessControl, user: UserIds): boolean {
  return control.setFileUid(AS_IT_IS) === user.uid &&
    control.setFileGid(AS_IT_IS) === user.gid;
}

function isRefused(kernel: KernelPort, path: string): boolean {
  // The last dot can only be reached through a directory that may be entered; of a file it says that it is none.
  return [path, `${path}/.`].some((tried) => {
    const number = kernel.open(tried, O_NONBLOCK);
    if (number < 0) return number === -EACCES || number === -EPERM;
    using _fd = new Fd(kernel, number);
    return false;
  });
}
