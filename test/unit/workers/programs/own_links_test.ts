/** Owns the tests of workers/programs/own_links.ts. @module */
import { assertEquals } from "@std/assert";
import type { KernelPort } from "../../../../ffi/mod.ts";
import {
  closeLinksOf,
  openLinksOf,
} from "../../../../workers/programs/own_links.ts";
import { FakeKernel } from "../../../fakes/fake_kernel.ts";

/** Far above those that are opened to read. */
const FIRST = 100;

function link(type: string, program: number): string {
  return `pos:\t0\nlink_type:\t${type}\nlink_id:\t1\nprog_tag:\t0\nprog_id:\t${program}\n`;
}

/** Two links of programs 7 and 8, one of another program, program 7 itself, a map. */
function aKernel() {
  const fake = new FakeKernel();
  const texts = [
    link("tracing", 7),
    link("raw_tracepoint", 8),
    link("tracing", 78),
    "pos:\t0\nprog_type:\t26\nprog_id:\t7\n",
    "pos:\t0\nmap_type:\t1\nmap_id:\t7\n",
  ];
  texts.forEach((text, i) =>
    fake.files.addFile(`/proc/self/fdinfo/${FIRST + i}`, text)
  );
  const closed: number[] = [];
  const close = fake.close.bind(fake);
  const kernel: KernelPort = Object.assign(fake, {
    close(fd: number) {
      if (fd < FIRST) return close(fd);
      closed.push(fd);
      return 0;
    },
  });
  return { kernel, closed };
}

Deno.test("openLinksOf() finds the links of these programs, neither the programs themselves nor what is of others", () => {
  const { kernel } = aKernel();
  assertEquals(openLinksOf(kernel, [7, 8]), [FIRST, FIRST + 1]);
  assertEquals(openLinksOf(kernel, [1]), []);
});

Deno.test("openLinksOf() finds nothing where descriptors cannot be listed", () => {
  assertEquals(openLinksOf(new FakeKernel(), [7]), []);
});

Deno.test("closeLinksOf() detaches what an earlier life left, and nothing else", () => {
  const { kernel, closed } = aKernel();
  closeLinksOf(kernel, [8]);
  assertEquals(closed, [FIRST + 1]);
});
