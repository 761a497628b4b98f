/**
 * Owns what a window of run-time statistics tells: which programs ran in it, and for how much of the time runs were counted at all. The
 * programs worker reads it; it crosses as a message. Plain values.
 * @module
 */

/**
 * One window, from the sample at its beginning to the one at its end; both were taken while the agent itself held statistics on, so
 * whoever else holds them changes nothing in it.
 */
export interface RunStatsPass {
  /** CLOCK_MONOTONIC at the start of either sample. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Since the last pass of this epoch, until the window was closed. */
  readonly elapsedMs: number;
  /** Part of it in which runs were counted for certain: windows, and what somebody else kept statistics on for between them. */
  readonly countedMs: number;
  /** Since the last pass runs were counted while no window was open: somebody else keeps statistics on, now and then at least. */
  readonly isOther: boolean;
  /**
   * `kernel.bpf_stats_enabled` was 1 as the window began: runs are counted by that, and nothing was opened. Absent where it
   * cannot be read.
   */
  readonly sysctl?: boolean;
  /** Programs that were there at both ends and ran in between, or could not be read: ascending ids. Those that are not here did not run. */
  readonly ids: Uint32Array<ArrayBuffer>;
  /** Numbers of the births that describe them, in this epoch. */
  readonly births: Uint32Array<ArrayBuffer>;
  /** What their counters rose by; NaN where they could not be read. */
  readonly runTimeNs: Float64Array<ArrayBuffer>;
  readonly runCounts: Float64Array<ArrayBuffer>;
}
