import { assert, assertEquals } from "@std/assert";
import { FILE_COUNT, FILE_RECORD, PIN_RECORD } from "../../../../ffi/mod.ts";
import type { HolderIterators } from "../../../../workers/holder_iterators.ts";
import { HoldersLook } from "../../../../workers/links/holders_pass.ts";
import type { HoldersPass } from "../../../../workers/links/holders_model.ts";
import { NO_IDS, type OwnIds } from "../../../../workers/protocol.ts";
import { FakeRecords } from "../../../fakes/fake_records.ts";

const FILES = 1;
const PINS = 2;
const REFERENCES = { map: 3, program: 4, link: 5 };
const OWN_PID = 50;

interface Open {
  readonly pid: number;
  readonly type: number;
  readonly id: number;
  readonly isOwn?: number;
}

/** Records of open files, and the last one. */
function files(open: readonly Open[], ownPid = OWN_PID): number[] {
  const name = new Uint32Array(new TextEncoder().encode("abcd\0\0\0\0").buffer);
  return [
    ...open.flatMap(({ pid, type, id, isOwn = 0 }) => [
      ...[pid, 1_000, 5_000_000, 0, ...name, 0, 0],
      ...[type, id, isOwn, 0],
    ]),
    ...[ownPid, 0, 0, 0, 0, 0, 0, 0, FILE_COUNT, 77, 0, 0],
  ];
}

function look(
  { leaveOut = NO_IDS, more = {} }: {
    leaveOut?: OwnIds;
    more?: Partial<HolderIterators>;
  } = {},
) {
  const fake = new FakeRecords();
  fake.texts.set("/proc/self/stat", `${OWN_PID} (deno) S 1`);
  fake.texts.set("/proc/self/mountinfo", "31 23 0:27 / /b rw - bpf bpf rw\n");
  fake.directories.set("/b", []);
  fake.records.set(FILES, () => files([]));
  const at = (fd: number) => fake.iterator(fd, 16);
  const looks = new HoldersLook(fake.port, {
    files: fake.iterator(FILES, FILE_RECORD.bytes),
    pins: fake.iterator(PINS, PIN_RECORD.bytes),
    references: {
      map: at(REFERENCES.map),
      program: at(REFERENCES.program),
      link: at(REFERENCES.link),
    },
    ...more,
  }, leaveOut);
  return { fake, looks };
}

function pass(looks: HoldersLook): HoldersPass {
  const taken = looks.take();
  assert(typeof taken !== "string", String(taken));
  return taken;
}

Deno.test("HoldersLook.take() has each process once, and each of its objects once", () => {
  const { fake, looks } = look();
  fake.records.set(FILES, () =>
    files([
      { pid: 7, type: 0, id: 3 },
      { pid: 7, type: 0, id: 3 },
      { pid: 8, type: 1, id: 3 },
      // A thread with files of its own comes later.
      { pid: 7, type: 0, id: 3 },
      { pid: 7, type: 3, id: 0xffff_fffe },
    ]));
  const { processes, holds, descriptors, complete, unknown } = pass(looks);
  assertEquals(
    processes,
    [7, 8].map((pid) => ({
      pid,
      startedAtMs: 5,
      comm: "abcd",
      uid: 1_000,
      cgroups: "",
    })),
  );
  assertEquals([...holds], [0, 0, 3, 1, 1, 3, 0, 3, 0xffff_fffe]);
  assertEquals([descriptors, complete, unknown], [77, true, undefined]);
  assertEquals(fake.openFds, 0);
});

Deno.test("HoldersLook.take() leaves out own objects, and all that its own process holds", () => {
  const leaveOut = { map: [3], program: [4], link: [5], btf: [] };
  const { fake, looks } = look({ leaveOut });
  fake.records.set(FILES, () =>
    files([
      { pid: 7, type: 0, id: 3 },
      { pid: OWN_PID, type: 0, id: 9, isOwn: 1 },
      { pid: 7, type: 1, id: 3 },
    ]));
  fake.records.set(REFERENCES.link, () => [2, 5, 1, 9, 2, 6, 1, 4, 2, 6, 1, 8]);
  const { holds, references } = pass(looks);
  assertEquals([...holds], [0, 1, 3]);
  assertEquals([...references], [2, 6, 1, 8]);
});

Deno.test("HoldersLook.take() says of what types nothing can be called without an owner", () => {
  const absent = { prog_array: "the verifier refuses it", hash_of_maps: "no" };
  const { fake, looks } = look();
  fake.records.set(REFERENCES.map, () => [0, 6, 0x101, 0, 0, 6, 1, 2]);
  assertEquals(pass(looks).unknown, {
    program: "map 6 refers to more than can be followed",
  });
  const lacking = look({
    more: {
      references: {
        map: {
          ...fake.iterator(REFERENCES.map, 16),
          absent,
          fields: ["hash_of_maps?"],
        },
        program: "no",
        link: fake.iterator(REFERENCES.link, 16),
      },
    },
  });
  assertEquals(pass(lacking.looks).unknown, {
    program: "prog_array of maps cannot be followed: the verifier refuses it",
    map: "references of programs cannot be read: no",
    btf: "references of programs cannot be read: no",
  });
});

Deno.test("HoldersLook.take() is not complete in a pid namespace, and reads nobody's cgroup there", () => {
  const { fake, looks } = look();
  fake.records.set(FILES, () => files([{ pid: 7, type: 0, id: 3 }], 4_000));
  fake.texts.set("/proc/7/cgroup", "0::/of another\n");
  const { complete, processes, unknown } = pass(looks);
  assertEquals([complete, processes[0].cgroups], [false, ""]);
  assertEquals(Object.keys(unknown ?? {}).sort(), [
    "btf",
    "link",
    "map",
    "program",
  ]);
});

Deno.test("HoldersLook.take() opens a pin once in its life, and closes it at once", () => {
  const { fake, looks } = look();
  fake.directories.set("/b", ["one", "none"]);
  fake.records.set(
    PINS,
    () =>
      [...fake.places].flatMap(([fd, path]) =>
        path === "/b/none" ? [] : [fd, 1, 33, 0]
      ),
  );
  for (let i = 0; i < 2; i++) {
    assertEquals(pass(looks).pins, [{
      type: "program",
      id: 33,
      path: "/b/one",
    }]);
    assertEquals(fake.openFds, 0);
  }
  for (const path of ["/b/one", "/b/none"]) {
    assertEquals(fake.opened.filter((one) => one === path).length, 1);
  }
  fake.directories.set("/b", []);
  assertEquals(pass(looks).pins, []);
});

Deno.test("HoldersLook.take() is one sentence where an iteration fails, and closes everything", () => {
  const { fake, looks } = look();
  fake.records.set(FILES, -1);
  assertEquals(looks.take(), "open() of a pinned link failed: EPERM");
  fake.records.set(FILES, () => files([]));
  fake.directories.set("/b", ["one"]);
  fake.records.set(PINS, -1);
  assertEquals(pass(looks).pins, "open() of a pinned link failed: EPERM");
  assertEquals(fake.openFds, 0);
});
