/**
 * Owns the tests of src/config/text_file.ts. In: files in a directory of their own. Out: verdicts.
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import {
  type FileRefusal,
  MOST_BYTES,
  readConfigFile,
  readRegularFile,
} from "../../../../src/config/text_file.ts";

Deno.test("readRegularFile() reads a file, also by a link, and of a longer one no more than shows that it is", () => {
  const directory = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${directory}/a`, "ä: 1\n");
    Deno.symlinkSync(`${directory}/a`, `${directory}/link`);
    assertEquals(readRegularFile(`${directory}/link`), "ä: 1\n");
    Deno.writeFileSync(`${directory}/b`, new Uint8Array(MOST_BYTES + 99));
    assertEquals(readRegularFile(`${directory}/b`).length, MOST_BYTES + 1);
    assertEquals(readConfigFile(`${directory}/b`, readRegularFile), {
      exitCode: 2,
      message:
        `Cannot use ${directory}/b: expected at most 1048576 bytes, found more`,
    });
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("readRegularFile() throws for what would never end or never begin", () => {
  assertThrows(() => readRegularFile("/dev/zero"), Error, "no regular file");
  assertThrows(() => readRegularFile("/"), Deno.errors.IsADirectory);
});

const REFUSALS: readonly [path: string, reason: string][] = [
  ["/", "it is a directory, not a file"],
  ["/dev/zero", "it is no regular file"],
  ["/no/such\nfile", "there is no such file"],
  ["/etc/passwd/x", "a part of its path is no directory"],
];

for (const [path, reason] of REFUSALS) {
  Deno.test(`readConfigFile() tells why it cannot read ${JSON.stringify(path)}`, () => {
    assertEquals(readConfigFile(path, readRegularFile), {
      exitCode: 1,
      message: `Cannot read ${path.replace("\n", "\\u000a")}: ${reason}`,
    });
  });
}

Deno.test("readConfigFile() tells that there is no permission, and anything else in the system's words", () => {
  function refusalOf(error: unknown): string | FileRefusal {
    return readConfigFile("/x", () => {
      throw error;
    });
  }
  assertEquals(refusalOf(new Deno.errors.PermissionDenied("x")), {
    exitCode: 1,
    message: "Cannot read /x: no permission to read it",
  });
  assertEquals(refusalOf(new Error("Input/output error (os error 5)\n")), {
    exitCode: 1,
    message: "Cannot read /x: Input/output error (os error 5)\\u000a",
  });
});

Deno.test("readConfigFile() takes a file of 1 MiB and counts bytes, not characters", () => {
  const full = "#".repeat(MOST_BYTES);
  assertEquals(readConfigFile("/x", () => full), full);
  assertEquals(
    typeof readConfigFile("/x", () => full.slice(1) + "ä"),
    "object",
  );
});
