/** Owns the tests of src/state/map_users.ts. @module */
import { assertEquals } from "@std/assert";
import { MapUsers } from "../../../../src/state/map_users.ts";

function process(pid: number, startedAtMs = 1, comm = `user${pid}`) {
  return { pid, startedAtMs, comm, cgroupId: "1" };
}

Deno.test("MapUsers.first is the command that did most, with its share", () => {
  const users = new MapUsers();
  assertEquals(users.first, undefined);
  users.add(process(1), 3);
  users.add(process(2), 4);
  users.add(process(1), 2);
  users.add(process(2), 1);
  assertEquals(users.first, {
    pid: 1,
    comm: "user1",
    processes: 1,
    ratio: 0.5,
  });
  users.clear();
  assertEquals(users.first, undefined);
});

Deno.test("MapUsers.first takes the processes of one command together; another process of the same pid is another one", () => {
  const users = new MapUsers();
  users.add(process(9, 1, "agent"), 4);
  users.add(process(1, 1, "bpftool"), 2);
  users.add(process(2, 1, "bpftool"), 3);
  users.add(process(1, 2, "bpftool"), 2);
  users.add(process(1, 1, "bpftool"), 0);
  assertEquals(users.first, {
    pid: 2,
    comm: "bpftool",
    processes: 3,
    ratio: 7 / 11,
  });
});

Deno.test("MapUsers.add() counts those whom it does not tell apart, so that a share is of all", () => {
  const users = new MapUsers();
  for (let pid = 1; pid <= 40; pid++) users.add(process(pid), 1);
  users.add(process(40), 60);
  assertEquals(users.first, {
    pid: 1,
    comm: "user1",
    processes: 1,
    ratio: 0.01,
  });
});

Deno.test("MapUsers.add() counts the operations of a command's every process, and tells some of them apart", () => {
  const users = new MapUsers();
  for (let pid = 1; pid <= 1_000; pid++) users.add(process(pid, 1, "sh"), 1);
  assertEquals(users.first, { pid: 1, comm: "sh", processes: 256, ratio: 1 });
});
