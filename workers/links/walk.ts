/**
 * Owns how a link is read by the walk. In: a port, and ids to leave out. Out: a collector of the link table.
 * @module
 */
import { type KernelPort, LINK_INFO, ObjectWalk } from "../../ffi/sampling.ts";
import { WalkCollector } from "../collector.ts";
import { Rows } from "../rows.ts";
import { LinkDescriber } from "./describe.ts";
import { LINK_COLUMNS } from "./model.ts";

/**
 * Type, program, and the first 16 bytes of what depends on the type: all that says what the link is attached to. Behind
 * them are counters (kprobe_multi's `missed`), which are no sign of another link.
 */
export const LINK_WALK_WORDS = 8;

/** Samples links by BPF_LINK_GET_NEXT_ID and its kin. Needs CAP_SYS_ADMIN. Since 5.8. */
export function walkLinks(
  kernel: KernelPort,
  leaveOut: readonly number[],
  rows: Rows<"link"> = new Rows("link", LINK_WALK_WORDS, LINK_COLUMNS),
): WalkCollector<"link"> {
  const walk = new ObjectWalk(kernel, "link", LINK_INFO.size);
  const describer = new LinkDescriber(kernel);
  return new WalkCollector(rows, walk, leaveOut, {
    visit(id, info, filled, fd) {
      if (rows.add(id, info.words, 0)) return;
      rows.describe(describer.describe(id, info.view, filled, fd));
    },
    calls: () => describer.calls,
  });
}
