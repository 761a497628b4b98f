import { assertEquals } from "@std/assert";
import { mainThread } from "../../../workers/main_thread.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";

Deno.test("mainThread().mayRespawn() asks to wait when fewer than 64 descriptors are left", () => {
  const kernel = new FakeKernel({ fdLimit: 256 });
  kernel.files.addFile(
    "/proc/self/limits",
    "Max open files            256                  4096                 files\n",
  );
  const { mayRespawn, openFilesLimit } = mainThread(kernel);
  assertEquals(openFilesLimit, 256);
  assertEquals(mayRespawn(), undefined);
  kernel.files.addDirectory(
    "/proc/self/fd",
    () => Array.from({ length: 201 }, (_, fd) => String(fd)),
  );
  assertEquals(mayRespawn(), "200 of 256 file descriptors are in use");
});

Deno.test("mainThread().mayRespawn() asks to wait when not even one descriptor is left to count by", () => {
  const kernel = new FakeKernel({ fdLimit: 256 });
  kernel.files.addFile(
    "/proc/self/limits",
    "Max open files            256                  4096                 files\n",
  );
  kernel.files.addDirectory("/proc/self/fd", () => ["0", "1", "2", "3"]);
  const { mayRespawn } = mainThread(kernel);
  assertEquals(mayRespawn(), undefined);
  while (kernel.open("/proc/self/limits") >= 0);
  assertEquals(mayRespawn(), "no file descriptor is left to count them by");
});

Deno.test("mainThread().mayRespawn() does not wait where descriptors can never be counted", () => {
  assertEquals(mainThread(new FakeKernel()).mayRespawn(), undefined);
});

Deno.test("mainThread() takes Linux's default where it cannot read the limit of open files", () => {
  assertEquals(mainThread(new FakeKernel()).openFilesLimit, 1024);
});

Deno.test("mainThread().threadExists() knows this process's threads", () => {
  const { threadExists } = mainThread(new FakeKernel({ threadId: 50 }));
  assertEquals([threadExists(50), threadExists(51)], [true, false]);
});
