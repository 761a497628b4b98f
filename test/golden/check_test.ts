/** What `check` prints, byte for byte, at 80 columns. `UPDATE_GOLDEN=1` writes the files anew. */
import { assertEquals } from "@std/assert";
import { check, type CheckOptions } from "../../src/commands/check.ts";
import { FakeKernel } from "../fakes/fake_kernel.ts";
import { someFacts } from "../state_builders.ts";
import { aPass } from "../pass_builders.ts";
import {
  looked,
  NOT_PERMITTED,
  onceOptions,
} from "../unit/src/commands/command_ports.ts";

async function held(
  name: string,
  kernel: FakeKernel,
  given: Partial<CheckOptions>,
): Promise<void> {
  const { stdout, stderr, exitCode } = check({
    ...looked(
      onceOptions(kernel),
      given.facts === AS_ROOT ? aPass() : "open failed: ENOENT",
    ),
    facts: AS_ROOT,
    format: "table",
    require: ["maps", "kernel-btf"],
    ...given,
  });
  const text = stdout + stderr.map((line) => `stderr: ${line}\n`).join("") +
    `exit: ${exitCode}\n`;
  const url = new URL(name, import.meta.url);
  if (Deno.env.get("UPDATE_GOLDEN") === "1") {
    await Deno.writeTextFile(url, text);
  }
  assertEquals(text, await Deno.readTextFile(url));
  if (given.format !== "json") {
    assertEquals(stdout.split("\n").filter((line) => line.length > 80), []);
  }
}

const AS_ROOT = someFacts({
  kernelRelease: "6.18.5",
  kernelBtf: { sizeBytes: 5_516_713 },
});
const AS_NOBODY = {
  ...NOT_PERMITTED,
  kernelRelease: "4.9.0",
  kernelBtf: { reason: "open of /sys/kernel/btf/vmlinux failed: ENOENT" },
};

function aNode(privileged: boolean): FakeKernel {
  const kernel = new FakeKernel({ privileged });
  kernel.addMap({ id: 1 });
  kernel.addProgram({ id: 1 });
  return kernel;
}

Deno.test("check as root prints the golden table", async () => {
  await held("check.txt", aNode(true), { facts: AS_ROOT });
});

Deno.test("check as root prints the golden JSON", async () => {
  await held("check_json.txt", aNode(true), { facts: AS_ROOT, format: "json" });
});

Deno.test("check without privilege prints the golden table and sentences", async () => {
  await held("check_unprivileged.txt", aNode(false), { facts: AS_NOBODY });
});
