/**
 * Owns which files this program is made of. In: the runtime. Out: paths that whoever runs it must be able to read.
 * @module
 */

/** The executable; from source also the checkout and the folder of the packages. */
export function ownFiles(): string[] {
  const files = [Deno.execPath()];
  if (Deno.build.standalone) return files;
  const main = URL.parse(Deno.mainModule);
  if (main?.protocol === "file:") files.push(decodeURIComponent(main.pathname));
  return [...files, ...packageFolder()];
}

/** Source: https://docs.deno.com/runtime/reference/env_variables/ (DENO_DIR). */
function packageFolder(): string[] {
  const { DENO_DIR, XDG_CACHE_HOME, HOME } = Deno.env.toObject();
  if (DENO_DIR) return [DENO_DIR];
  if (XDG_CACHE_HOME) return [`${XDG_CACHE_HOME}/deno`];
  return HOME ? [`${HOME}/.cache/deno`] : [];
}
