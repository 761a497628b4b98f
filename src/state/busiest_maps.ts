/**
 * Owns which maps are used most. In: what is known of operations. Out: maps, also those that are gone since, of the highest rate first.
 * @module
 */
import type { MapAccount } from "./map_operations.ts";
import { OPERATION_NAMES, type OperationsState } from "./operations.ts";

export interface BusiestMap extends MapAccount {
  /** All operations that were counted, in windows alone where they are counted so. */
  readonly counted: number;
  /** The operation that was counted most. */
  readonly mostly: { readonly operation: string; readonly ratio: number };
}

/** At most `most` of them; a map that nobody uses now is behind all that are used. */
export function busiestMaps(
  { maps }: Pick<OperationsState, "maps">,
  most: number,
): BusiestMap[] {
  return maps
    .map((account): BusiestMap => {
      const counted = account.counts.reduce((all, count) => all + count, 0);
      const highest = Math.max(...account.counts);
      const operation = OPERATION_NAMES[account.counts.indexOf(highest)] ?? "";
      const mostly = { operation, ratio: highest / counted };
      return { ...account, counted, mostly };
    })
    .filter(({ counted }) => counted > 0)
    .sort((a, b) => rate(b) - rate(a) || b.counted - a.counted)
    .slice(0, most);
}

function rate({ perSecond }: MapAccount): number {
  return Number.isNaN(perSecond) ? 0 : perSecond;
}
