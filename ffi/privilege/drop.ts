/**
 * Owns how the calling thread gives up what it may do, for good. In: what to keep, and whom to become. Out: nothing left to take
 * back, or one sentence. Credentials belong to threads, so only execve(2) makes it the process's: it keeps the calling thread's
 * and ends all others. Source: security/commoncap.c, kernel/sys.c.
 * @module
 */
import { type Capability, CAPABILITY_BITS } from "../capabilities.ts";
import { EINVAL, EPERM, errnoName } from "../errno.ts";
import type { ProcessControl } from "./control.ts";
import type { UserIds } from "./user.ts";

/** Source: include/uapi/linux/prctl.h. */
const PR_SET_KEEPCAPS = 8;
const PR_CAPBSET_DROP = 24;
const PR_SET_SECUREBITS = 28;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_IS_SET = 1;
const PR_CAP_AMBIENT_RAISE = 2;
/**
 * NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE set and locked, KEEP_CAPS cleared and locked: neither being root nor becoming
 * it gives a capability, and none is raised for a later life. Source: include/uapi/linux/securebits.h.
 */
const SECUREBITS = 0x2f | 0xc0;
const MAX_CAPABILITIES = 64;

export interface DropOptions {
  /** What the next life still holds, as far as this thread holds it. */
  readonly keep: readonly Capability[];
  readonly user?: UserIds;
}

/**
 * Gives up every capability but `keep`, for this thread and for whatever it executes, and becomes `user`. Securebits and bounding
 * set need CAP_SETPCAP; where that is not held they stay as they are, for no_new_privs alone keeps execve(2) from giving more than
 * the thread holds, root included.
 * @returns undefined, or one sentence why not everything was given up: the thread must not go on then
 */
export function dropPrivileges(
  control: ProcessControl,
  { keep, user }: DropOptions,
): string | undefined {
  const held = control.capabilities();
  if (typeof held === "number") return failure("capget", held);
  const kept = held.permitted & maskOf(keep);
  const keptSets = { effective: kept, permitted: kept, inheritable: kept };

  // First, because the securebits forbid it: only an ambient capability outlives execve(2) without being root.
  const ambient = control.setCapabilities({
    effective: held.permitted,
    permitted: held.permitted,
    inheritable: kept,
  });
  if (ambient < 0) return failure("capset", ambient);
  const raised = raiseAmbient(control, kept);
  if (raised < 0) return failure("PR_CAP_AMBIENT_RAISE", raised);

  const securebits = control.prctl(PR_SET_SECUREBITS, SECUREBITS, 0);
  if (securebits < 0 && securebits !== -EPERM) {
    return failure("PR_SET_SECUREBITS", securebits);
  }
  const bounding = emptyBoundingSet(control);
  if (bounding < 0) return failure("PR_CAPBSET_DROP", bounding);
  const noNewPrivs = control.prctl(PR_SET_NO_NEW_PRIVS, 1, 0);
  if (noNewPrivs < 0) return failure("PR_SET_NO_NEW_PRIVS", noNewPrivs);

  if (user) {
    // Without the securebits a change from root to another user takes the capabilities with it.
    if (securebits < 0) control.prctl(PR_SET_KEEPCAPS, 1, 0);
    const sentence = become(control, user);
    if (sentence !== undefined) return sentence;
  }

  const dropped = control.setCapabilities(keptSets);
  if (dropped < 0) return failure("capset", dropped);
  if (user && securebits < 0) {
    const again = raiseAmbient(control, kept);
    if (again < 0) return failure("PR_CAP_AMBIENT_RAISE", again);
  }
  return leftOver(control, kept);
}

/** What was asked for is not taken on trust: the agent's promise hangs on it. */
function leftOver(control: ProcessControl, kept: bigint): string | undefined {
  const left = control.capabilities();
  if (typeof left === "number") return failure("capget", left);
  if (left.permitted === kept && left.effective === kept) return undefined;
  return `Cannot give up all privileges: expected capabilities ${
    kept.toString(16)
  }, found ${left.permitted.toString(16)}`;
}

function become(control: ProcessControl, user: UserIds): string | undefined {
  const { uid, gid, name } = user;
  const cleared = control.setGroups([]);
  // Who is that user already may stay so without the right to change.
  if (cleared < 0 && !isOnlyIn(control, gid)) {
    return failure("setgroups", cleared, ` to become user ${name}`);
  }
  const gidResult = control.setGid(gid);
  if (gidResult < 0) {
    return failure("setresgid", gidResult, ` to become user ${name}`);
  }
  const uidResult = control.setUid(uid);
  return uidResult < 0
    ? failure("setresuid", uidResult, ` to become user ${name}`)
    : undefined;
}

function isOnlyIn(control: ProcessControl, gid: number): boolean {
  const groups = control.groups();
  return typeof groups !== "number" && groups.every((group) => group === gid);
}

/** @returns 0, or -errno of the first that failed */
function raiseAmbient(control: ProcessControl, set: bigint): number {
  for (let bit = 0; set >> BigInt(bit) !== 0n; bit++) {
    if (((set >> BigInt(bit)) & 1n) === 0n) continue;
    // Where raising is locked already, what is raised is still there.
    if (control.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, bit) === 1) {
      continue;
    }
    const result = control.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit);
    if (result < 0) return result;
  }
  return 0;
}

/** @returns 0, or -errno; 0 too where this thread may not */
function emptyBoundingSet(control: ProcessControl): number {
  for (let bit = 0; bit < MAX_CAPABILITIES; bit++) {
    const result = control.prctl(PR_CAPBSET_DROP, bit, 0);
    // The kernel knows no more than those before, or this thread lacks CAP_SETPCAP.
    if (result === -EINVAL || result === -EPERM) return 0;
    if (result < 0) return result;
  }
  return 0;
}

function maskOf(capabilities: readonly Capability[]): bigint {
  return capabilities.reduce(
    (set, name) => set | (1n << BigInt(CAPABILITY_BITS[name])),
    0n,
  );
}

function failure(call: string, result: number, purpose = ""): string {
  return `Cannot give up all privileges: ${call}${purpose} failed with ${
    errnoName(-result)
  }`;
}
