/**
 * Owns the name of the variable by which one life of the process finds what an earlier one left. In: nothing. Out: the name.
 * @module
 */

/** Carries open descriptors over an exec of the agent itself; no setting. */
export const HANDLES = "BPFPULSE_HANDLES";
