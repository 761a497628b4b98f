import { assert, assertEquals } from "@std/assert";
import { EACCES } from "../../../../ffi/errno.ts";
import {
  BPFFS_LIMITS,
  bpffsMounts,
  listBpffs,
} from "../../../../workers/links/bpffs.ts";
import { FakeRecords } from "../../../fakes/fake_records.ts";

const ONE = "31 23 0:27 / /sys/fs/bpf rw,nosuid shared:9 - bpf bpf rw,mode=700";

function mounted(lines = ONE): FakeRecords {
  const fake = new FakeRecords();
  fake.texts.set("/proc/self/mountinfo", `${lines}\n`);
  return fake;
}

Deno.test("bpffsMounts() takes each bpffs once, by the mount that shows most of it", () => {
  const text = [
    "23 1 0:20 / /proc rw - proc proc rw",
    "40 23 0:27 /sub /run/sub rw - bpf bpf rw",
    ONE,
    "41 23 0:28 / /run/a\\040b\\134 rw,relatime - bpf none rw",
    "42 23 0:29 / /bpf rw - tmpfs bpf rw",
    "",
  ].join("\n");
  assertEquals(bpffsMounts(text), [
    { device: "0:27", path: "/sys/fs/bpf" },
    { device: "0:28", path: "/run/a b\\" },
  ]);
});

Deno.test("listBpffs() lists files in all directories, and closes them", () => {
  const fake = mounted();
  fake.directories.set("/sys/fs/bpf", ["map", "tc/"]);
  fake.directories.set("/sys/fs/bpf/tc", ["globals/", "prog"]);
  fake.directories.set("/sys/fs/bpf/tc/globals", ["x"]);
  const listed = listBpffs(fake.port);
  assert(typeof listed !== "string", String(listed));
  assertEquals(listed.files.map(({ path }) => path), [
    "/sys/fs/bpf/map",
    "/sys/fs/bpf/tc/prog",
    "/sys/fs/bpf/tc/globals/x",
  ]);
  assertEquals([listed.unread, fake.openFds], [undefined, 0]);
});

Deno.test("listBpffs() knows that there are no pins where no bpffs is mounted", () => {
  const fake = mounted("23 1 0:20 / /proc rw - proc proc rw");
  assertEquals(listBpffs(fake.port), { files: [] });
});

Deno.test("listBpffs() is one sentence where no bpffs may be read, and says so where one of them may not", () => {
  const fake = mounted();
  fake.directories.set("/sys/fs/bpf", -EACCES);
  const why = "/sys/fs/bpf cannot be listed: EACCES";
  assertEquals(listBpffs(fake.port), why);
  fake.texts.set(
    "/proc/self/mountinfo",
    `${ONE}\n41 23 0:28 / /run/b rw - bpf none rw\n`,
  );
  fake.directories.set("/run/b", []);
  assertEquals(listBpffs(fake.port), { files: [], unread: why });
});

Deno.test("listBpffs() is bounded, whatever there is, and says so", () => {
  const fake = mounted();
  const names = Array.from(
    { length: BPFFS_LIMITS.files + 5 },
    (_, i) => `p${i}`,
  );
  fake.directories.set("/sys/fs/bpf", names);
  const many = listBpffs(fake.port);
  assert(typeof many !== "string", String(many));
  assertEquals(many.files.length, BPFFS_LIMITS.files);
  assertEquals(many.unread, "there are more than 10000 pins in bpffs");
  let path = "/sys/fs/bpf";
  for (let depth = 0; depth < 40; depth++) {
    fake.directories.set(path, ["d/"]);
    path += "/d";
  }
  const deep = listBpffs(fake.port);
  assert(typeof deep !== "string", String(deep));
  assertEquals(
    deep.unread,
    "there are more than 32 directories in each other in bpffs",
  );
  assertEquals(fake.openFds, 0);
});
