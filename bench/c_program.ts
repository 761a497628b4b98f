/**
 * Owns the building of bench/c/*.c. In: a program's name. Out: the path of the binary in bench/build/, or the reason why
 * there is none. Needs a C compiler and libbpf's headers.
 * @module
 */

export type Built = { readonly path: string } | { readonly missing: string };

/** @param binary its name in bench/build/, where more than one benchmark runs the program at a time */
export function buildC(name: string, binary = name): Built {
  const folder = new URL(".", import.meta.url).pathname;
  const path = `${folder}build/${binary}`;
  Deno.mkdirSync(`${folder}build`, { recursive: true });
  try {
    const { success, stderr } = new Deno.Command("cc", {
      args: ["-O2", "-Wall", `${folder}c/${name}.c`, "-o", path, "-lbpf"],
      stdout: "null",
    }).outputSync();
    if (success) return { path };
    const [first] = new TextDecoder().decode(stderr).split("\n");
    return { missing: `cc cannot build ${name}.c: ${first}` };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { missing: "no C compiler (cc) on this machine" };
  }
}
