import { constants } from "node:os";
import koffi from "koffi";

/**
 * The calls that Node has no door to. The only file that loads native code. Every function returns what libc returns
 * (-1 on failure); `errnoName` then names the reason. All are synchronous: they act on the calling thread.
 */
export interface Libc {
  setns(fd: number, kind: number): number;
  unshare(flags: number): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number;
  /** `length` is read and written: the size of `value`, then how much of it was filled. */
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint32Array): number;
  mount(source: string, target: string, type: string, flags: number, data: null): number;
  umount2(target: string, flags: number): number;
  flock(fd: number, operation: number): number;
  /** `EEXIST` for the failure of the call right before; nothing else may run in between. */
  errnoName(): string;
}

/** Watches a descriptor in Node's own event loop (libuv's uv_poll, which Node itself does not offer). */
export interface Poll {
  close(): void;
}

const c = koffi.load("libc.so.6");

export const libc: Libc = {
  setns: c.func("int setns(int fd, int nstype)"),
  unshare: c.func("int unshare(int flags)"),
  socket: c.func("int socket(int domain, int type, int protocol)"),
  bind: c.func("int bind(int fd, const void *address, uint32_t length)"),
  setsockopt: c.func("int setsockopt(int fd, int level, int option, const void *value, uint32_t length)"),
  getsockopt: c.func("int getsockopt(int fd, int level, int option, _Inout_ void *value, _Inout_ uint32_t *length)"),
  mount: c.func("int mount(const char *source, const char *target, const char *type, ulong flags, const void *data)"),
  umount2: c.func("int umount2(const char *target, int flags)"),
  flock: c.func("int flock(int fd, int operation)"),
  errnoName: () => errnoName(koffi.errno()),
};

/**
 * Calls back whenever `fd` is readable or has an error, until closed. Does not keep the process alive and pins no
 * thread: a pending `fs.read` would do both.
 */
export function pollReadable(fd: number, onReadable: () => void): Poll {
  let closed = false;
  // libuv gives a descriptor up when it has an error (for a netlink socket: ENOBUFS), and says so by a status below
  // zero, which koffi passes as the first argument. The error is over once it has been read.
  const onPoll = (status: unknown) => {
    onReadable();
    if (status !== 0 && !closed) poll.start({ readable: true }, onPoll);
  };
  const poll = koffi.node.poll(fd, { readable: true }, onPoll);
  poll.unref();
  return {
    close: () => {
      closed = true;
      poll.close();
    },
  };
}

/** `17` → `EEXIST`; a number without a name stays one. */
export function errnoName(errno: number): string {
  return namesByErrno.get(errno) ?? `errno ${errno}`;
}

const namesByErrno = new Map<number, string>(Object.entries(constants.errno).map(([name, errno]) => [errno, name]));
