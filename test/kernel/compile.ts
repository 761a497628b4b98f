/**
 * Owns the C programs of the tests: those of test/kernel/c/, built once by the machine's compiler into test/build/, and those
 * that a test makes up. In: a name, or source. Out: the path of the program or what it prints, or why there is none.
 * @module
 */

const SOURCES = new URL("./c/", import.meta.url).pathname;
const BUILD = new URL("../build/", import.meta.url).pathname;
const FLAGS = ["-O2", "-Wall", "-Wextra", "-pthread", "-Wno-unused-function"];

/** The programs there are. */
export type Tool =
  | "info"
  | "hold"
  | "own"
  | "churn"
  | "storm"
  | "ring_producer"
  | "perf"
  | "operate";

/** Why `tool` is not to be had here, or undefined where it is. */
export function whyNoTool(tool: Tool): string | undefined {
  return isBuilt(tool) ? undefined : whyNoCompiler();
}

/** Why no C program can be built here, or undefined where they can. */
export function whyNoCompiler(): string | undefined {
  try {
    new Deno.Command("cc", {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    }).outputSync();
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "there is no C compiler";
    throw error;
  }
}

/** Path of `tool`, built when a source is newer. @throws {Error} with the compiler's complaint */
export function compile(tool: Tool): string {
  const target = `${BUILD}${tool}`;
  if (isBuilt(tool)) return target;
  Deno.mkdirSync(BUILD, { recursive: true });
  // Another test file may run the same program at this moment: it gets the old or the new one, whole.
  const fresh = `${target}.${Deno.pid}`;
  const { success, stderr } = new Deno.Command("cc", {
    args: [...FLAGS, "-o", fresh, `${SOURCES}${tool}.c`],
  }).outputSync();
  if (!success) {
    throw new Error(
      `Cannot compile ${tool}.c: ${new TextDecoder().decode(stderr)}`,
    );
  }
  Deno.renameSync(fresh, target);
  return target;
}

/** What a C program that a test makes up prints. @throws {Error} with the compiler's complaint, or where the program fails */
export function runText(
  name: string,
  source: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  const folder = Deno.makeTempDirSync({ prefix: `${name}-` });
  try {
    for (const [path, text] of Object.entries(headers)) {
      Deno.writeTextFileSync(`${folder}/${path}`, text);
    }
    Deno.writeTextFileSync(`${folder}/${name}.c`, source);
    output("cc", ["-w", "-o", `${folder}/${name}`, `${folder}/${name}.c`]);
    return output(`${folder}/${name}`, []);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function output(command: string, args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(command, { args })
    .outputSync();
  if (!success) {
    throw new Error(
      `Cannot run ${command}: ${new TextDecoder().decode(stderr)}`,
    );
  }
  return new TextDecoder().decode(stdout);
}

/** Whether it is there, and newer than its sources. */
function isBuilt(tool: Tool): boolean {
  const builtMs = modifiedMs(`${BUILD}${tool}`);
  return [`${tool}.c`, "objects.h", "kernel.h"]
    .every((source) => modifiedMs(`${SOURCES}${source}`) < builtMs);
}

/** 0 for a file that is not there. */
function modifiedMs(path: string): number {
  try {
    return Deno.statSync(path).mtime?.getTime() ?? 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
