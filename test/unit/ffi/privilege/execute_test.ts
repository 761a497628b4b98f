/**
 * Owns the tests of ffi/privilege/execute.ts. In: what /proc says of a process. Out: assertions on what is executed.
 * @module
 */
import { assertEquals } from "@std/assert";
import { EACCES, EINVAL, ENOENT } from "../../../../ffi/errno.ts";
import {
  executeAgain,
  holdSignals,
  releaseSignals,
} from "../../../../ffi/mod.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";
import { FakeProcessControl } from "../../../fakes/fake_process_control.ts";

const SELF = "/proc/self/exe";

/** @param commandLine one character each byte */
function fakes(commandLine: string, executable?: string | number) {
  const kernel = new FakeKernel();
  const bytes = Uint8Array.from(commandLine, (char) => char.charCodeAt(0));
  kernel.files.addFile("/proc/self/cmdline", bytes);
  const control = new FakeProcessControl(kernel);
  if (typeof executable === "string") control.links.set(SELF, executable);
  if (typeof executable === "number") control.fail("readlink", executable);
  return { kernel, control };
}

Deno.test("executeAgain() gives the arguments as they were, byte for byte", () => {
  const strings = ["agent", "", "--a=b c", "\xff\xfe\n", "x".repeat(9000), ""];
  const { kernel, control } = fakes(`${strings.join("\0")}\0`, "/opt/ä b");
  executeAgain(control, kernel);
  assertEquals(control.executed[0], { path: "/opt/Ã¤ b", strings });
  assertEquals(kernel.openFds, 0);
});

Deno.test("executeAgain() goes straight to the file where its path does not lead there", () => {
  const cases = [
    // Replaced while it runs: its old path is another program.
    ["/opt/agent (deleted)", [SELF]],
    [EACCES, [SELF]],
    ["/root/agent", ["/root/agent", SELF]],
  ] as const;
  for (const [executable, paths] of cases) {
    const { kernel, control } = fakes("agent\0", executable);
    executeAgain(control, kernel);
    assertEquals(control.executed.map(({ path }) => path), [...paths]);
  }
});

Deno.test("executeAgain() leaves a compiled program alone that could not read itself", () => {
  const replaced = fakes("agent\0", "/opt/agent (deleted)");
  assertEquals(
    executeAgain(replaced.control, replaced.kernel, true),
    "Cannot execute the agent again: its file was replaced or removed since it began",
  );
  const hidden = fakes("agent\0", EACCES);
  assertEquals(
    executeAgain(hidden.control, hidden.kernel, true),
    "Cannot execute the agent again: /proc/self/exe answers EACCES",
  );
  assertEquals([replaced.control.executed, hidden.control.executed], [[], []]);
  const there = fakes("agent\0", "/opt/agent");
  there.control.fail("execve", EACCES);
  assertEquals(
    executeAgain(there.control, there.kernel, true),
    "Cannot execute the agent again: /opt/agent answers EACCES",
  );
  assertEquals(there.control.executed.length, 1);
});

Deno.test("executeAgain() answers one sentence when it failed", () => {
  const { kernel, control } = fakes("agent\0", "/opt/agent");
  control.fail("execve", ENOENT);
  assertEquals(
    executeAgain(control, kernel),
    "Cannot execute the agent again: /proc/self/exe answers ENOENT",
  );
  const nameless =
    "Cannot execute the agent again: expected its arguments in /proc/self/cmdline, found none";
  const empty = fakes("");
  assertEquals(executeAgain(empty.control, empty.kernel), nameless);
  kernel.files.addFile("/proc/self/cmdline", "", { readErrno: EINVAL });
  assertEquals(executeAgain(control, kernel), nameless);
  kernel.files.remove("/proc/self/cmdline");
  assertEquals(executeAgain(control, kernel), nameless);
});

Deno.test("holdSignals() holds SIGHUP, SIGINT and SIGTERM until releaseSignals()", () => {
  const { control } = fakes("");
  control.masked.add(17);
  holdSignals(control);
  assertEquals([...control.masked], [17, 1, 2, 15]);
  releaseSignals(control);
  assertEquals([...control.masked], [17]);
});
