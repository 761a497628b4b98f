/**
 * Owns the fake kernel's bpffs: pins by path, in file systems that are mounted nowhere, or at /sys/fs/bpf where a test mounts it.
 * In: paths, objects. Out: descriptors, or -errno. Source: kernel/bpf/inode.c.
 * @module
 */
import { EACCES, EFAULT, ENOENT, EPERM } from "../../ffi/errno.ts";
import { O_PATH } from "../../ffi/port.ts";
import { EBADF } from "../../ffi/errno.ts";
import type { Attribute, KernelState } from "./fake_commands.ts";
import { openIteration } from "./fake_iteration.ts";
import type { FakeObject } from "./fake_objects.ts";

/** A pin, for as long as it has a name or a descriptor. */
export interface Pin {
  readonly object: FakeObject;
  mode: number;
}

const EEXIST = 17;
const MOUNTED = "/sys/fs/bpf";
const OWN_FD = /^\/proc\/self\/fd\/(\d+)$/;

/** The pins that have a name. */
export class FakePins {
  readonly #pins = new Map<string, Pin>();

  get size(): number {
    return this.#pins.size;
  }

  get(path: string): Pin | undefined {
    return this.#pins.get(path);
  }

  add(path: string, pin: Pin): void {
    pin.object.references++;
    this.#pins.set(path, pin);
  }

  remove(path: string): Pin | undefined {
    const pin = this.#pins.get(path);
    this.#pins.delete(path);
    return pin;
  }
}

/** BPF_OBJ_PIN. */
export function pinObject(state: KernelState, { view }: Attribute): number {
  const bytes = state.memory.string(Number(view.getBigUint64(0, true)));
  if (bytes === undefined) return -EFAULT;
  const handle = state.fds.get(view.getUint32(8, true));
  if (handle?.kind !== "object") return -EBADF;
  const path = new TextDecoder().decode(bytes);
  const directory = path.slice(0, path.lastIndexOf("/"));
  const [, fd] = directory.match(OWN_FD) ?? [];
  const isBpffs = fd === undefined
    ? state.bpffsMounted && directory === MOUNTED
    : state.fds.get(Number(fd))?.kind === "mount";
  if (!isBpffs || path.slice(directory.length).includes(".")) return -EPERM;
  if (state.pins.get(path)) return -EEXIST;
  state.pins.add(path, { object: handle.object, mode: 0o600 });
  return 0;
}

/** Opens a pin, or a descriptor of one again; undefined for a path that is neither. */
export function openPin(
  state: KernelState,
  path: string,
  flags: number,
): number | undefined {
  const [, fd] = path.match(OWN_FD) ?? [];
  const handle = fd === undefined ? undefined : state.fds.get(Number(fd));
  const pin = handle?.kind === "pin" ? handle.pin : state.pins.get(path);
  if (pin === undefined) return undefined;
  if ((flags & O_PATH) !== 0) return state.fds.open({ kind: "pin", pin });
  // Who has no privilege here is another user, too.
  if (!state.privileged && (pin.mode & 0o004) === 0) return -EACCES;
  return openIteration(state, pin.object);
}

export function unlinkPin(state: KernelState, path: string): number {
  const pin = state.pins.remove(path);
  if (pin === undefined) return -ENOENT;
  state.fds.release(pin.object);
  return 0;
}
