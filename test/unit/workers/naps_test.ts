/** Owns the tests of workers/naps.ts. @module */
import { assertEquals } from "@std/assert";
import { Naps } from "../../../workers/naps.ts";

/** A thread whose time passes only in its waits. */
class FakeThread {
  nowMs = 1_000;
  /** As `sleep 100`, `timer 100`, `call 1100`. */
  readonly done: string[] = [];
  /** Whether the next sleep is cut short. */
  woken = false;
  timer: (() => void) | undefined;
  readonly naps = new Naps({
    monotonicMs: () => this.nowMs,
    sleep: (delayMs) => {
      this.done.push(`sleep ${delayMs}`);
      if (this.woken) return false;
      this.nowMs += delayMs;
      return true;
    },
    timer: (delayMs, callback) => {
      this.done.push(`timer ${delayMs}`);
      this.timer = () => {
        this.nowMs += delayMs;
        callback();
      };
      return () => this.timer = undefined;
    },
  });

  /** Has the naps call every `delayMs`, `times` times. */
  every(delayMs: number, times: number): void {
    if (times === 0) return;
    this.naps.after(delayMs, () => {
      this.done.push(`call ${this.nowMs}`);
      this.every(delayMs, times - 1);
    });
  }
}

Deno.test("Naps.nap() sleeps between calls, and returns when nothing is left to do", () => {
  const thread = new FakeThread();
  thread.every(100, 2);
  thread.naps.nap();
  assertEquals(thread.done, [
    "sleep 100",
    "call 1100",
    "sleep 100",
    "call 1200",
  ]);
});

Deno.test("Naps.nap() gives the event loop its turn at least every two seconds", () => {
  const thread = new FakeThread();
  thread.every(800, 4);
  thread.naps.nap();
  assertEquals(thread.done, [
    "sleep 800",
    "call 1800",
    "sleep 800",
    "call 2600",
    "timer 800",
  ]);
  thread.timer?.();
  assertEquals(thread.done.slice(5), ["call 3400", "sleep 800", "call 4200"]);
});

Deno.test("Naps.nap() waits for the rest in the event loop when it is woken", () => {
  const thread = new FakeThread();
  thread.every(100, 1);
  thread.woken = true;
  thread.naps.nap();
  assertEquals(thread.done, ["sleep 100", "timer 100"]);
  thread.timer?.();
  assertEquals(thread.done.at(-1), "call 1100");
});

Deno.test("Naps.after() answers what cancels the call, in the event loop, too", () => {
  const thread = new FakeThread();
  const cancel = thread.naps.after(3_000, () => thread.done.push("call"));
  thread.naps.nap();
  assertEquals(thread.done, ["timer 3000"]);
  cancel();
  assertEquals(thread.timer, undefined);
  thread.naps.nap();
  assertEquals(thread.done, ["timer 3000"]);
});

Deno.test("Naps.nap() waits for the earliest of several, each at its own pace", () => {
  const thread = new FakeThread();
  const repeat = (name: string, delayMs: number, times: number) => {
    let left = times;
    const callback = () => {
      thread.done.push(`${name} ${thread.nowMs}`);
      if (--left > 0) thread.naps.after(delayMs, callback);
    };
    thread.naps.after(delayMs, callback);
  };
  repeat("slow", 100, 2);
  repeat("fast", 40, 4);
  thread.naps.nap();
  assertEquals(thread.done.filter((line) => !line.startsWith("sleep")), [
    "fast 1040",
    "fast 1080",
    "slow 1100",
    "fast 1120",
    "fast 1160",
    "slow 1200",
  ]);
});

Deno.test("Naps.after() answers what cancels that callback alone", () => {
  const thread = new FakeThread();
  const cancel = thread.naps.after(10, () => thread.done.push("first"));
  thread.naps.after(20, () => thread.done.push("second"));
  cancel();
  thread.naps.nap();
  thread.naps.after(30, () => thread.done.push("third"));
  cancel();
  thread.naps.nap();
  assertEquals(thread.done, ["sleep 20", "second", "sleep 30", "third"]);
});
