/**
 * Owns the shape of what the API tells about who keeps objects alive. In: nothing. Out: valibot schemas and their types, which
 * schemas.ts builds its answers with.
 * @module
 */
import * as v from "valibot";
import { Count, described, Id, Text, Time, Type } from "./schema_parts.ts";

const Through = v.strictObject({ object_type: Type, id: Id });

const process = {
  pid: described(Count, "in the machine's own pid namespace"),
  comm: Text,
  uid: Count,
  start_time_ms: described(Count, "since boot, CLOCK_BOOTTIME"),
  container_id: v.optional(Text),
  pod_uid: v.optional(Text),
  unit: v.optional(described(Text, "of systemd")),
};

const through = v.optional(
  described(Through, "what it has a descriptor of, where that is another"),
);

export const OwnerObject = v.strictObject({
  ...process,
  through,
  gone: v.optional(
    described(v.boolean(), "it was the last one known, and is no holder now"),
  ),
});

export const HolderObject = v.strictObject({ ...process, through });

export const OrphanObject = v.strictObject({
  kept_by: v.picklist(["attachment", "link", "program", "map", "unknown"]),
  reason: described(Text, "as: link 5 runs it; that is attached to ifindex:2"),
  since: described(Time, "when the first of the looks that agree began"),
});

/** In a list. */
export const ownedFields = {
  owner: v.optional(OwnerObject),
  orphan: v.optional(
    described(
      v.boolean(),
      "nothing but the kernel keeps it; absent where that is not known",
    ),
  ),
};

/** Of one object. */
export const OwnershipDetail = v.strictObject({
  taken_at: v.optional(
    described(Time, "of the last look at who keeps objects alive"),
  ),
  complete: v.optional(
    described(v.boolean(), "that look came to every process"),
  ),
  reason: v.optional(described(Text, "where nothing is known of the object")),
  owner: v.optional(OwnerObject),
  owner_gone_since: v.optional(Time),
  holders: v.optional(
    described(
      v.array(HolderObject),
      "processes: by descriptor first, then through others, the oldest first",
    ),
  ),
  pins: v.optional(described(v.array(Text), "paths in a bpffs")),
  pins_reason: v.optional(described(Text, "why pins are not known")),
  orphan: v.optional(OrphanObject),
  orphan_reason: v.optional(
    described(Text, "why it is not known whether it is an orphan"),
  ),
});

/** The last look as a whole. */
export const HoldersSummary = v.strictObject({
  taken_at: Time,
  duration_ms: v.pipe(v.number(), v.minValue(0)),
  descriptors: described(Count, "open ones that were looked at"),
  processes: described(Count, "that hold objects"),
  complete: v.boolean(),
  pins_reason: v.optional(Text),
  orphans_reason: v.optional(Text),
  orphans: v.optional(
    v.strictObject({
      map: v.optional(Count),
      program: v.optional(Count),
      link: v.optional(Count),
      btf: v.optional(Count),
    }),
  ),
});

export type OwnerJson = v.InferOutput<typeof OwnerObject>;
export type HolderJson = v.InferOutput<typeof HolderObject>;
export type OwnershipJson = v.InferOutput<typeof OwnershipDetail>;
export type HoldersJson = v.InferOutput<typeof HoldersSummary>;
