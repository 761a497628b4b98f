import { assertEquals } from "@std/assert";
import { accountedBytes } from "../../../ffi/fdinfo.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

Deno.test("accountedBytes() takes memlock alone out of fdinfo", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile(
    "/proc/self/fdinfo/7",
    "pos:\t0\nflags:\t02000002\nmap_type:\t1\nmemlock:\t83889408\nmap_id:\t3\n",
  );
  assertEquals(accountedBytes(kernel, 7), 83_889_408);
});

Deno.test("accountedBytes() is undefined where there is none", () => {
  const kernel = new FakeKernel();
  kernel.files.addFile("/proc/self/fdinfo/7", "pos:\t0\nnot memlock:\t5\n");
  assertEquals(accountedBytes(kernel, 7), undefined);
  assertEquals(accountedBytes(kernel, 8), undefined);
});
