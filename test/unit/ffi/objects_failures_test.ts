/**
 * Owns the tests of ffi/objects.ts where something goes wrong: what is skipped, what ends a pass and how. In: the fake kernel
 * with faults. Out: assertions; every one of them also wants no descriptor left open.
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import {
  EACCES,
  EAGAIN,
  EINTR,
  EINVAL,
  EMFILE,
  ENFILE,
  ENOENT,
  ENOMEM,
  ENOSYS,
  EPERM,
} from "../../../ffi/errno.ts";
import { ObjectWalk, type WalkVisitor } from "../../../ffi/objects.ts";
import { BPF } from "../../../ffi/uapi.ts";
import { FakeKernel } from "../../fakes/fake_kernel.ts";
import { KINDS, threeMaps, walk } from "./walk_pass.ts";

Deno.test("ObjectWalk passes silently over a link that is still being made", () => {
  const kernel = new FakeKernel();
  for (const id of [5, 6, 9]) kernel.addLink({ id });
  kernel.fail(BPF.LINK_GET_FD_BY_ID, EAGAIN, { id: 6 });
  assertEquals(walk(kernel, "link"), {
    visited: [5, 9],
    skipped: [],
    failure: undefined,
  });
});

Deno.test("ObjectWalk passes silently over what vanished after it was listed", () => {
  for (const kind of KINDS) {
    const kernel = new FakeKernel();
    const add = {
      map: (id: number) => kernel.addMap({ id }),
      program: (id: number) => kernel.addProgram({ id }),
      link: (id: number) => kernel.addLink({ id }),
      btf: (id: number) => kernel.addBtf({ id }),
    }[kind];
    for (const id of [5, 6, 9]) add(id);
    kernel.vanishAfterList(kind, 5);
    kernel.vanishAfterList(kind, 9);
    assertEquals(walk(kernel, kind), {
      visited: [6],
      skipped: [],
      failure: undefined,
    });
  }
});

Deno.test("ObjectWalk goes on after an object that vanishes while it is visited", () => {
  const kernel = threeMaps();
  const visited: number[] = [];
  const { failure } = walk(kernel, "map", {
    visit(id) {
      visited.push(id);
      kernel.remove("map", id);
    },
  });
  assertEquals(visited, [5, 6, 9]);
  assertEquals(failure, undefined);
  assertEquals(kernel.tables.map.size, 0);
});

Deno.test("ObjectWalk skips an object that cannot be opened, with its errno", () => {
  const kernel = threeMaps();
  kernel.fail(BPF.MAP_GET_FD_BY_ID, EACCES, { id: 6 });
  assertEquals(walk(kernel, "map"), {
    visited: [5, 9],
    skipped: [[6, EACCES]],
    failure: undefined,
  });
});

Deno.test("ObjectWalk skips an object that cannot be asked, with its errno", () => {
  const kernel = threeMaps();
  kernel.fail(BPF.OBJ_GET_INFO_BY_FD, EINVAL, { kind: "map", id: 5 });
  kernel.fail(BPF.OBJ_GET_INFO_BY_FD, ENOENT, { kind: "map", id: 9 });
  assertEquals(walk(kernel, "map"), {
    visited: [6],
    skipped: [[5, EINVAL], [9, ENOENT]],
    failure: undefined,
  });
});

Deno.test("ObjectWalk skips an object without privilege for it alone", () => {
  const kernel = threeMaps();
  kernel.fail(BPF.MAP_GET_FD_BY_ID, EPERM, { id: 5 });
  assertEquals(walk(kernel, "map").skipped, [[5, EPERM]]);
});

Deno.test("ObjectWalk ends with EPERM without privilege", () => {
  assertEquals(walk(threeMaps({ privileged: false }), "map"), {
    visited: [],
    skipped: [],
    failure: {
      call: "BPF_MAP_GET_NEXT_ID",
      errno: EPERM,
      unsupported: false,
    },
  });
});

Deno.test("ObjectWalk ends with EPERM when privilege goes in the middle", () => {
  const kernel = threeMaps();
  const visited: number[] = [];
  const { failure } = walk(kernel, "map", {
    visit(id) {
      visited.push(id);
      if (id === 6) kernel.privileged = false;
    },
  });
  assertEquals(visited, [5, 6]);
  assertEquals(failure?.errno, EPERM);
  assertEquals(failure?.call, "BPF_MAP_GET_NEXT_ID");
});

Deno.test("ObjectWalk says that a kernel has no such command", () => {
  const kernel = new FakeKernel({
    lacks: [
      BPF.MAP_GET_NEXT_ID,
      BPF.PROG_GET_NEXT_ID,
      BPF.LINK_GET_NEXT_ID,
      BPF.BTF_GET_NEXT_ID,
    ],
  });
  const calls = [
    "BPF_MAP_GET_NEXT_ID",
    "BPF_PROG_GET_NEXT_ID",
    "BPF_LINK_GET_NEXT_ID",
    "BPF_BTF_GET_NEXT_ID",
  ];
  KINDS.forEach((kind, i) =>
    assertEquals(walk(kernel, kind).failure, {
      call: calls[i],
      errno: EINVAL,
      unsupported: true,
    })
  );
});

Deno.test("ObjectWalk does not call a command unsupported that once worked", () => {
  const kernel = threeMaps();
  kernel.fail(BPF.MAP_GET_NEXT_ID, EINVAL, { id: 6 });
  assertEquals(walk(kernel, "map"), {
    visited: [5, 6],
    skipped: [],
    failure: {
      call: "BPF_MAP_GET_NEXT_ID",
      errno: EINVAL,
      unsupported: false,
    },
  });
});

Deno.test("ObjectWalk ends when this process may open no more files", () => {
  const kernel = threeMaps({ fdLimit: 3 });
  assertEquals(walk(kernel, "map"), {
    visited: [],
    skipped: [],
    failure: {
      call: "BPF_MAP_GET_FD_BY_ID",
      errno: EMFILE,
      unsupported: false,
    },
  });
});

Deno.test("ObjectWalk ends on what every later object would get too", () => {
  for (const errno of [EMFILE, ENFILE, ENOMEM]) {
    const kernel = threeMaps();
    kernel.fail(BPF.MAP_GET_FD_BY_ID, errno, { id: 6 });
    assertEquals(walk(kernel, "map"), {
      visited: [5],
      skipped: [],
      failure: { call: "BPF_MAP_GET_FD_BY_ID", errno, unsupported: false },
    });
  }
});

Deno.test("ObjectWalk names the open call of each kind", () => {
  const names = {
    map: "BPF_MAP_GET_FD_BY_ID",
    program: "BPF_PROG_GET_FD_BY_ID",
    link: "BPF_LINK_GET_FD_BY_ID",
    btf: "BPF_BTF_GET_FD_BY_ID",
  };
  for (const kind of KINDS) {
    const kernel = new FakeKernel({ fdLimit: 3 });
    kernel.addMap();
    kernel.addProgram();
    kernel.addLink();
    kernel.addBtf();
    assertEquals(walk(kernel, kind).failure?.call, names[kind]);
  }
});

Deno.test("ObjectWalk takes a failure for true only when it repeats", () => {
  const kernel = threeMaps();
  // The engine may put another thread's errno in the place of the real one.
  kernel.fail(BPF.MAP_GET_NEXT_ID, ENOENT, { id: 5, times: 1 });
  kernel.fail(BPF.MAP_GET_NEXT_ID, EPERM, { id: 6, times: 1 });
  kernel.fail(BPF.MAP_GET_FD_BY_ID, ENOENT, { id: 5, times: 1 });
  kernel.fail(BPF.MAP_GET_FD_BY_ID, EMFILE, { id: 6, times: 1 });
  kernel.fail(BPF.MAP_GET_FD_BY_ID, EACCES, { id: 9, times: 1 });
  assertEquals(walk(kernel, "map"), {
    visited: [5, 6, 9],
    skipped: [],
    failure: undefined,
  });
});

Deno.test("ObjectWalk counts the calls that it repeats", () => {
  const kernel = threeMaps();
  kernel.fail(BPF.MAP_GET_FD_BY_ID, EACCES, { id: 6 });
  const objects = new ObjectWalk(kernel, "map", 88);
  objects.run({ leaveOut: () => false, visit: () => {}, skip: () => {} });
  // Two objects of four calls, one listed and opened twice, the end of the list twice.
  assertEquals(objects.calls, 2 * 4 + 3 + 2);
});

Deno.test("ObjectWalk is not ended by signals", () => {
  const kernel = threeMaps();
  kernel.interrupt(5);
  assertEquals(
    walk(kernel, "map", { leaveOut: () => (kernel.interrupt(5), false) }),
    { visited: [5, 6, 9], skipped: [], failure: undefined },
  );
});

Deno.test("ObjectWalk ends with EINTR when listing is interrupted for ever", () => {
  const kernel = threeMaps();
  kernel.interrupt(Infinity);
  assertEquals(walk(kernel, "map").failure, {
    call: "BPF_MAP_GET_NEXT_ID",
    errno: EINTR,
    unsupported: false,
  });
});

Deno.test("ObjectWalk skips what is interrupted for ever while it is opened or asked", () => {
  const kernel = threeMaps();
  kernel.fail(BPF.MAP_GET_FD_BY_ID, EINTR, { id: 5 });
  kernel.fail(BPF.OBJ_GET_INFO_BY_FD, EINTR, { id: 9 });
  assertEquals(walk(kernel, "map"), {
    visited: [6],
    skipped: [[5, EINTR], [9, EINTR]],
    failure: undefined,
  });
});

Deno.test("ObjectWalk closes the object whose visit throws", () => {
  for (const step of ["prepare", "visit"] as const) {
    const kernel = threeMaps();
    const objects = new ObjectWalk(kernel, "map", 88);
    const visitor: WalkVisitor = {
      leaveOut: () => false,
      visit: () => {},
      skip: () => {},
      [step]: () => {
        assertEquals(kernel.openFds, 1);
        throw new RangeError(step);
      },
    };
    assertThrows(() => objects.run(visitor), RangeError, step);
    assertEquals(kernel.openFds, 0);
    const { failure } = walk(kernel, "map");
    assertEquals(failure, undefined);
  }
});

Deno.test("ObjectWalk leaves nothing open when leaveOut or skip throws", () => {
  for (const step of ["leaveOut", "skip"] as const) {
    const kernel = threeMaps();
    kernel.fail(BPF.OBJ_GET_INFO_BY_FD, EINVAL);
    assertThrows(
      () =>
        new ObjectWalk(kernel, "map", 88).run({
          leaveOut: () => false,
          visit: () => {},
          skip: () => {},
          [step]: () => {
            throw new RangeError(step);
          },
        }),
      RangeError,
      step,
    );
    assertEquals(kernel.openFds, 0);
  }
});

Deno.test("ObjectWalk takes ENOSYS for a command that this kernel lacks", () => {
  const kernel = new FakeKernel();
  kernel.fail(BPF.MAP_GET_NEXT_ID, ENOSYS);
  assertEquals(walk(kernel, "map").failure, {
    call: "BPF_MAP_GET_NEXT_ID",
    errno: ENOSYS,
    unsupported: true,
  });
});
