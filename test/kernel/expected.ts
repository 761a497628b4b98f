/**
 * Owns what the agent must say of an object, worked out from what a reference reader says of it. In: rows of the C reader
 * or of bpftool. Out: descriptions to compare with. Field names and offsets are the readers' own, never the agent's.
 * @module
 */
import {
  ATTACH_TYPES,
  LINK_TYPES,
  MAP_TYPES,
  PROG_TYPES,
} from "../../ffi/mod.ts";
import type { LinkDescription } from "../../workers/links/model.ts";
import type { MapDescription, MapMemlock } from "../../workers/maps/model.ts";
import type {
  BtfDescription,
  ProgramDescription,
} from "../../workers/programs/model.ts";
import type { Row } from "./reference.ts";

/** A description without what the agent makes up itself. */
type Told<T> = Omit<T, "identity">;

export function expectedMap(row: Row): Told<MapDescription> {
  return {
    id: row.id,
    name: text(row.name),
    type: MAP_TYPES[number(row.type)],
    keySizeBytes: number(row.key_size),
    valueSizeBytes: number(row.value_size),
    maxEntries: number(row.max_entries),
    flags: number(row.map_flags),
    ...unlessZero("ifindex", row.ifindex),
    ...unlessZero("btfId", row.btf_id),
    ...(row.map_extra === undefined
      ? {}
      : { mapExtra: BigInt(text(row.map_extra)) }),
  };
}

export function expectedProgram(row: Row): Told<ProgramDescription> {
  return {
    id: row.id,
    name: text(row.name),
    ...(row.full_name === undefined ? {} : { fullName: text(row.full_name) }),
    type: PROG_TYPES[number(row.type)],
    tag: text(row.tag),
    loadTimeNs: BigInt(text(row.load_time)),
    jitedBytes: number(row.jited_prog_len),
    xlatedBytes: number(row.xlated_prog_len),
    ...(row.verified_insns === undefined
      ? {}
      : { verifiedInstructions: number(row.verified_insns) }),
    createdByUid: number(row.created_by_uid),
    ...unlessZero("btfId", row.btf_id),
  };
}

export function expectedBtf(row: Row): Told<BtfDescription> {
  return {
    id: row.id,
    name: row.name === undefined ? "" : text(row.name),
    sizeBytes: number(row.btf_size),
    ...(row.kernel_btf === undefined ? {} : { kernel: row.kernel_btf === 1 }),
  };
}

export function expectedLink(row: Row): Told<LinkDescription> {
  const type = LINK_TYPES[number(row.type)];
  const [attachType, target] = attachment(type, row);
  return {
    id: row.id,
    type,
    programId: number(row.prog_id),
    ...(attachType === undefined ? {} : { attachType }),
    ...(target === undefined ? {} : { target }),
  };
}

/** Attach type and target. */
function attachment(
  type: string,
  row: Row,
): readonly [attachType?: string | undefined, target?: string] {
  const attach = (value: unknown) => ATTACH_TYPES[number(value)];
  switch (type) {
    case "raw_tracepoint":
      return [undefined, text(row.tp_name)];
    case "iter":
      return ["trace_iter", text(row.target_name)];
    case "tracing": {
      const btf = row["tracing.target_obj_id"];
      const attachType = attach(row["tracing.attach_type"]);
      return btf === 0
        ? [attachType]
        : [attachType, `btf:${btf}/${row["tracing.target_btf_id"]}`];
    }
    case "cgroup":
      return [
        attach(row["cgroup.attach_type"]),
        `cgroup:${row["cgroup.cgroup_id"]}`,
      ];
    case "netns":
      return [attach(row["netns.attach_type"]), `netns:${row["netns.ino"]}`];
    case "xdp":
      return ["xdp", `ifindex:${row["device.ifindex"]}`];
    case "kprobe_multi":
      return [undefined, `functions:${row["kprobe_multi.count"]}`];
    case "tcx":
    case "netkit":
      return [
        attach(row["device.attach_type"]),
        `ifindex:${row["device.ifindex"]}`,
      ];
    case "struct_ops":
      return ["struct_ops", `map:${row["map.map_id"]}`];
    case "sockmap":
      return [attach(row["map.attach_type"]), `map:${row["map.map_id"]}`];
    case "netfilter":
      return ["netfilter", `ipv4/forward/${row["netfilter.priority"]}`];
    case "uprobe_multi":
      return [undefined, text(row.path)];
    case "perf_event": {
      const target = perfEvent(row);
      return target === undefined ? ["perf_event"] : ["perf_event", target];
    }
    default:
      throw new Error(`Cannot say what a ${type} link is attached to`);
  }
}

/** Undefined where the kernel does not tell it: before 6.6. */
function perfEvent(row: Row): string | undefined {
  const type = row["perf_event.type"];
  if (type === undefined || type === 0) return undefined;
  switch (number(type)) {
    case 1:
    case 2: {
      const offset = number(row["perf_event.offset"]).toString(16);
      return `${row["perf_event.name"]}+0x${offset}`;
    }
    case 6:
      return `event:${row["perf_event.event_type"]}/${
        row["perf_event.config"]
      }`;
    default:
      return text(row["perf_event.name"]);
  }
}

/** MAX_PROG_FULL_NAME without its NUL: bpftool has room for no more. */
const BPFTOOL_NAME_CHARACTERS = 127;

/** Where bpftool says otherwise than the description, field by field; what it does not know is passed over. */
export function bpftoolDifferences(
  row: Row,
  told: Readonly<Record<string, unknown>>,
): string[] {
  // bpftool asks BTF only where the kernel may have cut the name.
  const cut = text(told.name ?? "").length === 15;
  const longName = text(told.fullName ?? told.name ?? "");
  const attachedTo = text(told.target ?? "").split(":").at(-1);
  /** bpftool's field, and what the description says in its place. */
  const fields: readonly (readonly [string, unknown])[] = [
    ["type", told.type],
    ["name", cut ? longName.slice(0, BPFTOOL_NAME_CHARACTERS) : told.name],
    ["flags", told.flags],
    ["bytes_key", told.keySizeBytes],
    ["bytes_value", told.valueSizeBytes],
    ["max_entries", told.maxEntries],
    ["tag", told.tag],
    ["uid", told.createdByUid],
    ["bytes_xlated", told.xlatedBytes],
    ["bytes_jited", told.jitedBytes],
    ["prog_id", told.programId],
    ...memlockTold(told),
    ["attach_type", told.attachType],
    ["tp_name", told.target],
    ["target_name", told.target],
    ["netns_ino", Number(attachedTo)],
    // bpftool 7.1 passes the last map's info in again, and 6.18 gives back its btf_id for a map that has none.
    ...(told.tag === undefined ? [] : [["btf_id", told.btfId] as const]),
    ...(told.type === "cgroup"
      ? [["cgroup_id", Number(attachedTo)] as const]
      : []),
  ];
  return fields.flatMap(([field, ours]) => {
    const theirs = row[field];
    // A type or attach type that this bpftool is too old for is a number in its output.
    const unknown = theirs === undefined ||
      (typeof ours === "string" && typeof theirs === "number");
    return unknown || theirs === ours
      ? []
      : [`${told.type} ${row.id} ${field}: bpftool ${theirs}, agent ${ours}`];
  });
}

/** Of a map that is empty, as tests make them, and of a program; nothing where the description does not say. */
function memlockTold(
  { memlock, memlockBytes }: Readonly<Record<string, unknown>>,
): (readonly [string, unknown])[] {
  const bytes = (memlock as MapMemlock | undefined)?.fixedBytes ?? memlockBytes;
  return bytes === undefined ? [] : [["bytes_memlock", bytes]];
}

function unlessZero(key: string, value: unknown): Record<string, number> {
  return value === 0 ? {} : { [key]: number(value) };
}

function number(value: unknown): number {
  if (typeof value === "number") return value;
  throw new TypeError(`Cannot read a row: expected a number, found ${value}`);
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError(`Cannot read a row: expected a string, found ${value}`);
}
