/**
 * Owns what a whole agent says of who keeps objects alive, as a user reads it: the API's answer and the line on /metrics. In: an agent,
 * objects. Out: one row of plain texts for each, from looks that began after a given time.
 * @module
 */
import type { Agent } from "../agent.ts";
import type { ObjectType } from "../../workers/protocol.ts";
import type { OwnershipJson } from "../../src/http/api/ownership_schemas.ts";

/** Looks are fewer on a busy machine. */
const PATIENCE_MS = 120_000;

export interface ObjectKey {
  readonly type: ObjectType;
  readonly id: number;
}

/** What the agent says of one object. */
export interface OwnerView {
  /** As `123 bpftool`; empty where it knows none. */
  readonly owner: string;
  /** The same on /metrics. */
  readonly metric: string;
  /** Type of the object that the owner holds it through; empty for its own descriptor. */
  readonly through: string;
  readonly gone: boolean;
  /** Processes that hold it now. */
  readonly holders: number;
  readonly pins: readonly string[];
  /** What keeps it, and why, where it is an orphan; why that is not known; empty where it is none. */
  readonly orphan: string;
  /** Unix time since when it is an orphan; NaN where it is none. */
  readonly sinceMs: number;
}

/** Reference of one object to another. */
export interface ReferenceView extends ObjectKey {
  readonly relation: string;
}

interface Answer {
  readonly ownership: OwnershipJson;
  readonly refers_to: readonly {
    readonly relation: string;
    readonly object_type: ObjectType;
    readonly id: number;
  }[];
}

/** What the agent says of objects after so many looks that began after `sinceMs` (Unix time). @throws {Error} when there are none in time */
export async function viewAfter(
  agent: Agent,
  sinceMs: number,
  looks: number,
  keys: readonly ObjectKey[],
): Promise<OwnerView[]> {
  const seen = new Set<string>();
  await agent.eventually(`${looks} looks`, async () => {
    const answer = await answerOf(agent, keys[0]);
    const takenAt = answer?.ownership.taken_at;
    if (takenAt !== undefined && Date.parse(takenAt) > sinceMs) {
      seen.add(takenAt);
    }
    return seen.size >= looks;
  }, PATIENCE_MS);
  const shown = new Map(
    (await agent.page()).samples("odigos_ebpf_object_owner_info").map((
      { labels: { type, id, pid, comm } },
    ) => [`${type} ${id}`, `${pid} ${comm}`]),
  );
  return Promise.all(keys.map(async (key) => {
    const ownership = (await answerOf(agent, key))?.ownership;
    const owner = ownership?.owner;
    return {
      owner: owner === undefined ? "" : `${owner.pid} ${owner.comm}`,
      metric: shown.get(`${key.type} ${key.id}`) ?? "",
      through: owner?.through?.object_type ?? "",
      gone: owner?.gone ?? false,
      holders: ownership?.holders?.length ?? NaN,
      pins: ownership?.pins ??
        [`not known: ${ownership?.pins_reason ?? ownership?.reason}`],
      orphan: ownership?.orphan === undefined
        ? ownership?.orphan_reason ?? ""
        : `${ownership.orphan.kept_by}: ${ownership.orphan.reason}`,
      sinceMs: Date.parse(ownership?.orphan?.since ?? ""),
    };
  }));
}

/** What an object refers to, as the API tells. */
export async function referencesOf(
  agent: Agent,
  key: ObjectKey,
): Promise<ReferenceView[]> {
  return (await answerOf(agent, key))?.refers_to.map(
    ({ relation, object_type: type, id }) => ({ relation, type, id }),
  ) ?? [];
}

/** Undefined for an object that is not there. */
async function answerOf(
  agent: Agent,
  { type, id }: ObjectKey,
): Promise<Answer | undefined> {
  const { status, text } = await agent.get(`/api/v1/objects/${type}/${id}`);
  return status === 200 ? JSON.parse(text) : undefined;
}
