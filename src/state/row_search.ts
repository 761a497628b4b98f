/**
 * Owns how a row is found by its id. In: rows in ascending id. Out: the row.
 * @module
 */

/** Row of the object with `id`, or -1. */
export function rowOf(
  descriptions: readonly { readonly id: number }[],
  id: number,
): number {
  let low = 0;
  let high = descriptions.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = descriptions[middle].id;
    if (found === id) return middle;
    if (found < id) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
