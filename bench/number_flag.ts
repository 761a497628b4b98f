/**
 * Owns the reading of a number from a bench's command line. In: a flag's name. Out: the number behind it.
 * @module
 */

/** As `--rounds 5`. @param usual where the flag is not given */
export function numberFlag(name: string, usual: number): number {
  const at = Deno.args.indexOf(name);
  if (at < 0) return usual;
  const value = Number(Deno.args[at + 1]);
  if (Number.isNaN(value)) {
    throw new TypeError(
      `Cannot read ${name}: expected a number, found ${Deno.args[at + 1]}`,
    );
  }
  return value;
}
