/**
 * Owns "everything that this kernel can make": the entrance to the makers. In: nothing. Out: a workshop full of objects.
 * @module
 */
import { makeLinks } from "./links.ts";
import { makeMaps } from "./maps.ts";
import { makePrograms } from "./programs.ts";
import { Workshop } from "./workshop.ts";

export { kernelTest, skip, whyNoKernel } from "./skip.ts";
export { type Made, type Refused, Workshop } from "./workshop.ts";

/** Maps, programs, links and BTF objects of every type that this kernel has; each refusal is printed as a SKIP line. */
export function makeEverything(): Workshop {
  const workshop = new Workshop();
  try {
    makeMaps(workshop);
    makePrograms(workshop);
    makeLinks(workshop);
  } catch (error) {
    workshop[Symbol.dispose]();
    throw error;
  }
  return workshop;
}
