/**
 * Owns the sentences about what a sample could not show. In: how the tables fared, what was found at start. Out: one line for
 * each cause, and what would change it.
 * @module
 */
import type { NodeFacts } from "../../workers/acquire.ts";
import type {
  ObjectType,
  TableFailure,
  TableOutcome,
} from "../../workers/protocol.ts";

const TABLE_TYPES: readonly ObjectType[] = [
  "map",
  "program",
  "link",
  "btf",
];

const TABLE_NAMES: Readonly<Record<ObjectType, string>> = {
  map: "maps",
  program: "programs",
  link: "links",
  btf: "BTF objects",
};

/** The first kernel that lists objects of a type. */
const LISTED_SINCE: Readonly<Record<ObjectType, string>> = {
  map: "4.13",
  program: "4.13",
  link: "5.8",
  btf: "5.4",
};

export type OutcomeOf = (table: ObjectType) => TableOutcome | undefined;

/** One sentence for each thing that is missing in a sample, without final newlines. */
export function missingSentences(
  outcomeOf: OutcomeOf,
  facts: NodeFacts,
): string[] {
  const failed = new Map<string, ObjectType[]>();
  const skipped: string[] = [];
  for (const table of TABLE_TYPES) {
    const outcome = outcomeOf(table);
    if (outcome === undefined) continue;
    const { failure } = outcome;
    if (failure !== undefined) {
      const said = failure.reason ?? `the kernel answers ${failure.errno}`;
      const cause = `${said}; to get them: ${
        failureRemedy(table, failure, facts)
      }`;
      failed.set(cause, [...failed.get(cause) ?? [], table]);
    }
    const left = skippedPhrase(outcome);
    if (left !== undefined) {
      skipped.push(`Cannot read all ${TABLE_NAMES[table]}: ${left}`);
    }
  }
  const sentences = [...failed].map(([cause, tables]) =>
    `Cannot read ${listed(tables.map((table) => TABLE_NAMES[table]))}: ${cause}`
  );
  return [...sentences, ...skipped];
}

/** `2 could not be opened (EPERM)`; undefined where nothing was left out. */
export function skippedPhrase({ skipped }: TableOutcome): string | undefined {
  const counts = Object.entries(skipped);
  return counts.length === 0
    ? undefined
    : counts.map(([errno, count]) => `${count} could not be opened (${errno})`)
      .join(", ");
}

/** The one command, flag or setting that would have the table read. */
export function failureRemedy(
  table: ObjectType,
  { errno }: TableFailure,
  { missing }: NodeFacts,
): string {
  switch (errno) {
    case "EPERM":
    case "EACCES":
      return missing[0]?.how ??
        "allow bpf() in the container's seccomp profile or the node's LSM policy";
    case "EINVAL":
    case "ENOSYS":
      return `run on Linux ${LISTED_SINCE[table]} or newer`;
    case "EOPNOTSUPP":
      return "bpfpulse --keep-privileges, which has the walk read them";
    case "EMFILE":
    case "ENFILE":
      return "raise the limit of open files: ulimit -n 65536, or LimitNOFILE= in the systemd unit";
    default:
      return "try again";
  }
}

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2
    ? last
    : `${words.slice(0, -1).join(", ")} and ${last}`;
}
