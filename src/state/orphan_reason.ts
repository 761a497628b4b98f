/**
 * Owns what keeps an object of which no process and no pin is known. In: an object, what refers to what, descriptions. Out: a
 * phrase that names the way to the last thing that is known; and which objects something may keep that no pass sees, so that nobody
 * may call them orphans.
 * @module
 */
import type { LinkDescription } from "../../workers/links/model.ts";
import type { MapDescription } from "../../workers/maps/model.ts";
import type { Descriptions, ObjectType } from "../../workers/protocol.ts";
import type { KeptBy, ObjectKey } from "./ownership.ts";

/**
 * What programs are attached to without a link, and stay attached to when the process is gone. Source: the attach commands of
 * netlink (XDP, tc, lightweight tunnels) and BPF_PROG_ATTACH.
 */
const ATTACHMENTS: Readonly<Record<string, string>> = {
  xdp: "a network device",
  sched_cls: "a tc filter",
  sched_act: "a tc action",
  sock_ops: "a cgroup",
  lwt_in: "a route",
  lwt_out: "a route",
  lwt_xmit: "a route",
  lwt_seg6local: "a route",
  flow_dissector: "a network namespace",
  sk_lookup: "a network namespace",
  lirc_mode2: "an infrared device",
};

/** Programs that a descriptor of something else keeps: a perf event's, a socket's, that of a map of sockets. */
const UNSEEN_PROGRAMS: ReadonlySet<string> = new Set([
  "kprobe",
  "tracepoint",
  "perf_event",
  "socket_filter",
  "sk_reuseport",
  "sk_skb",
  "sk_msg",
]);

/** Maps that memory keeps which a process has mapped: its descriptor may be closed. */
const UNSEEN_MAPS: ReadonlySet<string> = new Set([
  "ringbuf",
  "user_ringbuf",
  "arena",
]);
const BPF_F_MMAPABLE = 1 << 10;

/** Whether a process may keep a program without any descriptor that a pass sees. */
export function mayBeUnseenProgram(
  { type }: { readonly type: string },
): boolean {
  return UNSEEN_PROGRAMS.has(type);
}

/** The same of a map. */
export function mayBeUnseenMap(
  { type, flags }: Pick<MapDescription, "type" | "flags">,
): boolean {
  return UNSEEN_MAPS.has(type) || (flags & BPF_F_MMAPABLE) !== 0;
}

export interface ReasonInput {
  readonly referredBy: (key: ObjectKey) => readonly ObjectKey[];
  readonly describe: (
    key: ObjectKey,
  ) => Descriptions[ObjectType] | undefined;
}

const MOST_STEPS = 4;
const REFERRERS: readonly ObjectType[] = ["link", "program", "map"];
const VERBS: Readonly<Record<ObjectType, string>> = {
  link: "runs",
  program: "uses",
  map: "refers to",
  btf: "describes",
};

/** What keeps an orphan, and that in turn. */
export function orphanReason(
  key: ObjectKey,
  input: ReasonInput,
): { readonly keptBy: KeptBy; readonly reason: string } {
  const steps: string[] = [];
  const seen = [key];
  let keptBy: KeptBy | undefined;
  let at = key;
  while (seen.length <= MOST_STEPS) {
    const next = nearest(input.referredBy(at), seen);
    if (next === undefined) break;
    keptBy ??= next.type === "btf" ? "unknown" : next.type;
    steps.push(
      `${next.type} ${next.id} ${VERBS[next.type]} ${
        at === key ? "it" : "that"
      }`,
    );
    seen.push(next);
    at = next;
  }
  const last = attachmentOf(at, input.describe(at), at === key ? "it" : "that");
  if (last !== undefined) steps.push(last);
  keptBy ??= last === undefined ? "unknown" : "attachment";
  return {
    keptBy,
    reason: steps.length === 0
      ? "nothing that the kernel tells keeps it"
      : steps.join("; "),
  };
}

/** Links before programs before maps, the lowest id first. */
function nearest(
  referrers: readonly ObjectKey[],
  seen: readonly ObjectKey[],
): ObjectKey | undefined {
  for (const type of REFERRERS) {
    const found = referrers.find((one) =>
      one.type === type &&
      !seen.some((other) => other.type === type && other.id === one.id)
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

function attachmentOf(
  { type }: ObjectKey,
  description: Descriptions[ObjectType] | undefined,
  it: string,
): string | undefined {
  if (description === undefined) return undefined;
  if (type === "link") {
    const { target, detached } = description as LinkDescription;
    if (detached === true) return `${it} is detached from what it was on`;
    return target === undefined || target === ""
      ? undefined
      : `${it} is attached to ${target}`;
  }
  if (type !== "program") return undefined;
  const { type: programType } = description as Descriptions["program"];
  const to = programType.startsWith("cgroup_")
    ? "a cgroup"
    : Object.hasOwn(ATTACHMENTS, programType)
    ? ATTACHMENTS[programType]
    : undefined;
  return to && `${it} is attached to ${to} without a link`;
}
