/** Owns the tests of src/state/manager_accounts.ts. @module */
import { assert, assertEquals } from "@std/assert";
import {
  ManagerAccounts,
  OTHER_MANAGERS,
} from "../../../../src/state/manager_accounts.ts";

const HOUR_MS = 3_600_000;

function names(accounts: ManagerAccounts): string[] {
  return accounts.all().map(([name]) => name);
}

Deno.test("ManagerAccounts.of() gives the same account for the same name, empty at first", () => {
  const accounts = new ManagerAccounts(2);
  const account = accounts.of("b", 0);
  assertEquals(account.lookups, 0);
  assertEquals(account.loads, undefined);
  account.lookups += 3;
  assertEquals(accounts.of("b", 10).lookups, 3);
  accounts.of("a", 10);
  assertEquals(names(accounts), ["a", "b"]);
});

Deno.test("ManagerAccounts.of() gives the shared account to those beyond the bound, which is not counted itself", () => {
  const accounts = new ManagerAccounts(1);
  accounts.of("a", 0);
  assert(accounts.of("b", 1) === accounts.of("c", 2));
  assertEquals(names(accounts), ["a", OTHER_MANAGERS]);
  assertEquals(
    [accounts.shownName("a"), accounts.shownName("b")],
    ["a", OTHER_MANAGERS],
  );
  accounts.setMax(2);
  accounts.of("b", 3);
  assertEquals(names(accounts), ["a", "b", OTHER_MANAGERS]);
});

Deno.test("ManagerAccounts.of() takes the place of one that did nothing for an hour, never that of the shared one", () => {
  const accounts = new ManagerAccounts(2);
  accounts.of("idle", 0);
  accounts.of("busy", 0);
  accounts.of("early", 1);
  accounts.of("busy", HOUR_MS / 2);
  accounts.of("late", HOUR_MS);
  assertEquals(names(accounts), ["busy", "late", OTHER_MANAGERS]);
  accounts.of("later", HOUR_MS + 1);
  assertEquals(names(accounts), ["busy", "late", OTHER_MANAGERS]);
});

Deno.test("ManagerAccounts.setMax() takes no account away", () => {
  const accounts = new ManagerAccounts(3);
  for (const name of ["a", "b", "c"]) accounts.of(name, 0);
  accounts.setMax(1);
  assertEquals(names(accounts), ["a", "b", "c"]);
});
