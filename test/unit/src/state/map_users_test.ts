/** Owns the tests of src/state/map_users.ts. @module */
import { assertEquals } from "@std/assert";
import { MapUsers } from "../../../../src/state/map_users.ts";

function process(pid: number, startedAtMs = 1) {
  return { pid, startedAtMs, comm: `user${pid}`, cgroupId: "1" };
}

Deno.test("MapUsers.first is who did most, with its share; another process of the same pid is another one", () => {
  const users = new MapUsers();
  assertEquals(users.first, undefined);
  users.add(process(1), 3);
  users.add(process(2), 4);
  users.add(process(1, 2), 3);
  users.add(process(2), 2);
  assertEquals(users.first, { pid: 2, comm: "user2", ratio: 0.5 });
  users.clear();
  assertEquals(users.first, undefined);
});

Deno.test("MapUsers.add() counts those whom it does not tell apart, so that a share is of all", () => {
  const users = new MapUsers();
  for (let pid = 1; pid <= 40; pid++) users.add(process(pid), 1);
  users.add(process(40), 60);
  assertEquals(users.first, { pid: 1, comm: "user1", ratio: 0.01 });
});
