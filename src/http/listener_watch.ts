/**
 * Owns the search for a listener that has gone deaf: after EMFILE this runtime's accepts nobody any more, and says nothing.
 * In: each connection that comes. Out: a knock at a listener that heard nobody for a while, and its revival where it did not
 * hear the knock.
 * @module
 */
import type { Clock } from "../clock.ts";

/** How long a knock may take to be heard, on this machine, by a process that may be busy. */
const HEARD_WITHIN_MS = 1_000;
/** Where no file can be opened to knock with: soon again, since a listener is deaf most likely then. */
const KNOCK_AGAIN_MS = 1_000;
/** The longest pause where revival does not help: something else keeps knocks away. */
const LONGEST_PAUSE_MS = 600_000;

export interface ListenerWatchOptions {
  readonly clock: Clock;
  /** Silence after which it is knocked. */
  readonly afterMs: number;
  /** Connects to the listener; `failed` is called where nothing could be opened for that. Answers how to hang up. */
  knock(failed: () => void): () => void;
  /** Listens again. @param first whether the one before this was heard */
  revive(first: boolean): Promise<void>;
}

export interface ListenerWatch {
  /** A connection came. */
  heard(): void;
  stop(): void;
}

export function watchListener(options: ListenerWatchOptions): ListenerWatch {
  const { clock, afterMs } = options;
  let heard = false;
  let stopped = false;
  let pauseMs = afterMs;
  let hangUp: (() => void) | undefined;
  let cancel = clock.after(pauseMs, look);

  return {
    heard() {
      // A connection that comes during a knock may be another one; it tells the same.
      heard = hangUp === undefined;
      pauseMs = afterMs;
      if (!heard) settle(afterMs);
    },
    stop() {
      stopped = true;
      settle(0);
    },
  };

  function look(): void {
    if (heard) {
      heard = false;
      cancel = clock.after(afterMs, look);
      return;
    }
    let cannotTell = false;
    cancel = clock.after(HEARD_WITHIN_MS / 2, () => {
      // Twice half of it: a process that stood still runs its timers before it hears who came meanwhile.
      cancel = clock.after(HEARD_WITHIN_MS / 2, () => {
        if (cannotTell) settle(KNOCK_AGAIN_MS);
        else void unheard();
      });
    });
    hangUp = options.knock(() => cannotTell = true);
  }

  /** The knock is over; the next look comes in `nextMs`. */
  function settle(nextMs: number): void {
    cancel();
    hangUp?.();
    hangUp = undefined;
    if (!stopped) cancel = clock.after(nextMs, look);
  }

  async function unheard(): Promise<void> {
    hangUp?.();
    hangUp = undefined;
    const first = pauseMs === afterMs;
    const nextMs = pauseMs;
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    await options.revive(first);
    settle(nextMs);
  }
}
