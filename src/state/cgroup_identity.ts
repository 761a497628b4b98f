/**
 * Owns what the cgroups of a process say of it: its container, its pod, its systemd unit. In: the text of /proc/PID/cgroup, cgroup
 * v1, v2 or both. Out: three strings, empty where they are not known: a shape that is not known here gives nothing, never a guess.
 *
 * Who may make cgroups may give them any name, so a user with a delegated subtree can pose as a container, but only for its own
 * processes. A line cannot be forged: the kernel takes no newline in a cgroup's name.
 * @module
 */

/** Each is empty where it is unknown. */
export interface CgroupIdentity {
  /** 64 hexadecimal digits; of LXC, the container's name. Of nested containers the innermost. */
  readonly containerId: string;
  /** As Kubernetes writes it, with dashes; of a static pod 32 hexadecimal digits without. */
  readonly podUid: string;
  /** The innermost service or scope of systemd that it runs in, be that the machine's systemd or a container's own. */
  readonly unit: string;
}

export const NO_IDENTITY: CgroupIdentity = {
  containerId: "",
  podUid: "",
  unit: "",
};

/** A machine has a dozen hierarchies; a text that is longer is none of the kernel's. */
const MOST_LINES = 64;
const LINE = /^\d+:([^:]*):(.*)$/;
const DELETED = / \(deleted\)$/;

const RUNTIMES = "docker|cri-containerd|containerd|nerdctl|crio|libpod";
/** `docker-ID.scope`, `crio-ID`, or the bare id below a parent of any name: what runc makes of an id without a driver. */
const CONTAINER = new RegExp(
  `^(?:(?:${RUNTIMES})-([0-9a-f]{64})(?:\\.scope)?|([0-9a-f]{64}))$`,
);
/** What a runtime with the systemd driver asks for, taken as a path by one with the cgroupfs driver. */
const SLICE_RUNTIME_ID = new RegExp(
  `^([^:]+\\.slice):(?:${RUNTIMES}):([0-9a-f]{64})$`,
);
/** LXC since 4.0; before, the name is a component of its own. */
const LXC_PAYLOAD = /^lxc\.payload\.([\w.-]{1,64})$/;
const LXC_PARENTS: ReadonlySet<string> = new Set(["lxc", "lxc.payload"]);
const LXC_NAME = /^[\w.-]{1,64}$/;

const HEX_4 = "[0-9a-f]{4}";
const POD = new RegExp(
  `^(?:[\\w-]+-)?pod([0-9a-f]{8}([-_])${HEX_4}\\2${HEX_4}\\2${HEX_4}\\2[0-9a-f]{12}|[0-9a-f]{32})(?:\\.slice)?$`,
);
/** Source: VALID_CHARS_WITH_AT and UNIT_NAME_MAX of systemd. */
const UNIT = /^[\w:.\\@-]{1,247}\.(?:service|scope)$/;

/** What the cgroups of a process say of it. All of it is of one hierarchy: the one that says most. */
export function cgroupIdentity(text: string): CgroupIdentity {
  let best = NO_IDENTITY;
  for (const path of pathsBySystemdFirst(text)) {
    const found = identityOf(path);
    if (rank(found) > rank(best)) best = found;
  }
  return best;
}

/** The path of systemd's own hierarchy, of the unified one, then the others in their order. */
function pathsBySystemdFirst(text: string): string[] {
  const systemd: string[] = [];
  const unified: string[] = [];
  const others: string[] = [];
  for (const line of text.split("\n", MOST_LINES)) {
    const [, controllers, path] = LINE.exec(line) ?? [];
    if (path === undefined) continue;
    if (controllers === "name=systemd") systemd.push(path);
    else if (controllers === "") unified.push(path);
    else others.push(path);
  }
  return [...systemd, ...unified, ...others];
}

function rank({ containerId, podUid, unit }: CgroupIdentity): number {
  return (containerId === "" ? 0 : 4) + (podUid === "" ? 0 : 2) +
    (unit === "" ? 0 : 1);
}

function identityOf(path: string): CgroupIdentity {
  let containerId = "";
  let podUid = "";
  let unit = "";
  const parts = path.replace(DELETED, "").split("/");
  parts.forEach((part, i) => {
    const [, slice = part, idInSlice] = SLICE_RUNTIME_ID.exec(part) ?? [];
    const [, prefixed, bare] = CONTAINER.exec(part) ?? [];
    const container = idInSlice ?? prefixed ?? bare ?? lxcName(parts, i);
    podUid = podUidOf(slice) ?? podUid;
    if (container !== undefined) {
      containerId = container;
      // What it is in from outside is the runtime's.
      unit = "";
    } else if (UNIT.test(part)) {
      unit = part;
    }
  });
  return { containerId, podUid, unit };
}

function podUidOf(part: string): string | undefined {
  return POD.exec(part)?.[1].replaceAll("_", "-");
}

function lxcName(parts: readonly string[], i: number): string | undefined {
  const payload = LXC_PAYLOAD.exec(parts[i])?.[1];
  if (payload !== undefined) return payload;
  // Below the root alone: elsewhere `lxc` may be anything.
  const isBelow = i === 2 && parts[0] === "" && LXC_PARENTS.has(parts[1]);
  return isBelow && LXC_NAME.test(parts[i]) ? parts[i] : undefined;
}
