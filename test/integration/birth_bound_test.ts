/**
 * The id below which birth programs write nobody, on the real kernel, in the programs that the agent opens.
 */
import { assert, assertEquals } from "@std/assert";
import {
  iterationsOf,
  IteratorSession,
  openLibc,
  setBound,
} from "../../ffi/mod.ts";
import { openIterators } from "../../workers/iterators.ts";
import { kernelBtf } from "../kernel/btf.ts";
import { Holder } from "../kernel/holder.ts";
import { hasSince } from "../kernel/since.ts";
import { kernelTest } from "../kernel/skip.ts";

const HELD = 20;

kernelTest(
  "makeBound() has birth programs write objects from the bound on, and all where it is 0",
  async () => {
    await using holder = await Holder.start(HELD, HELD, HELD);
    const kernel = openLibc();
    using opened = openIterators(kernel, false);
    for (const type of ["map", "program", "link"] as const) {
      const one = opened.iterators[type];
      if (type === "link" && !hasSince(kernel, "5.19")) continue;
      assert(typeof one !== "string", String(one));
      const { birth } = one;
      assert(birth.boundFd !== undefined, `no bound for ${type}s`);
      const { boundFd } = birth;
      const session = new IteratorSession(
        kernel,
        iterationsOf(kernel, birth),
        birth.recordBytes,
      );
      const held = holder.ids[type].toSorted((a, b) => a - b);
      const seenFrom = (id: number) => {
        setBound(kernel, boundFd, id);
        assertEquals(session.run(), undefined);
        const stride = birth.recordBytes / 4;
        return Array.from(
          { length: session.count },
          (_, i) => session.words[i * stride],
        );
      };
      const middle = held[HELD / 2];
      // As it is opened, and as whoever used it leaves it.
      assertEquals(session.run(), undefined);
      const { count } = session;
      const all = seenFrom(0);
      assert(count >= HELD, `${count} ${type}s`);
      assertEquals(held.filter((id) => !all.includes(id)), []);
      const upper = seenFrom(middle);
      assertEquals(upper.filter((id) => id < middle), []);
      assertEquals(
        held.filter((id) => upper.includes(id)),
        held.slice(HELD / 2),
      );
      assertEquals(seenFrom(0xffff_ffff), []);
    }
  },
  kernelBtf() === undefined ? "the kernel has no BTF" : undefined,
);
