/**
 * Owns what was counted for each manager. In: increments by name. Out: accounts that never fall. As many managers as may have series
 * have an account of their own, the first ones; the rest share the account `other`.
 * @module
 */

/** Stands for all that have no account of their own. */
export const OTHER_MANAGERS = "other";

/** An account that nothing was added to for so long makes room for another, where there is none. */
const IDLE_MS = 3_600_000;

export interface Loads {
  /** By bucket, the last one without a bound. */
  readonly buckets: number[];
  sumMs: number;
}

export interface ManagerAccount {
  lookups: number;
  updates: number;
  /** Undefined before its first load. */
  loads: Loads | undefined;
  /** By errno's number. */
  readonly loadErrors: Map<number, number>;
  readonly attachErrors: Map<number, number>;
  missedRuns: number;
}

export class ManagerAccounts {
  #max: number;
  readonly #accounts = new Map<string, ManagerAccount & { usedAtMs: number }>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Accounts that there are stay. */
  setMax(max: number): void {
    this.#max = max;
  }

  /** The account that a manager's counts go to. */
  of(name: string, nowMs: number): ManagerAccount {
    const known = this.#accounts.get(name);
    if (known !== undefined) {
      known.usedAtMs = nowMs;
      return known;
    }
    const own = this.#accounts.size -
      (this.#accounts.has(OTHER_MANAGERS) ? 1 : 0);
    if (name !== OTHER_MANAGERS && own >= this.#max && !this.#evict(nowMs)) {
      return this.of(OTHER_MANAGERS, nowMs);
    }
    const account = {
      lookups: 0,
      updates: 0,
      loads: undefined,
      loadErrors: new Map(),
      attachErrors: new Map(),
      missedRuns: 0,
      usedAtMs: nowMs,
    };
    this.#accounts.set(name, account);
    return account;
  }

  /** The name that its series have. */
  shownName(name: string): string {
    return this.#accounts.has(name) ? name : OTHER_MANAGERS;
  }

  /** By name, in its order. */
  all(): [string, ManagerAccount][] {
    return [...this.#accounts].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  }

  #evict(nowMs: number): boolean {
    for (const [name, { usedAtMs }] of this.#accounts) {
      if (name === OTHER_MANAGERS || nowMs - usedAtMs < IDLE_MS) continue;
      this.#accounts.delete(name);
      return true;
    }
    return false;
  }
}
