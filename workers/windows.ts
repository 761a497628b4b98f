/**
 * Owns what a window of counting is. In: nothing. Out: a type.
 * @module
 */

/** Counting for `onMs`, once every `everyMs`. */
export interface Window {
  readonly onMs: number;
  readonly everyMs: number;
}
