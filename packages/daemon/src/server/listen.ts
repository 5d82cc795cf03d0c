import { chmodSync, lstatSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { connect } from "node:net";
import { errorFrom, PodwireError, quoteValue } from "@podwire/core";

/**
 * Listens on a unix socket for this user alone. The socket of a daemon that died is replaced.
 * @throws SOCKET_TAKEN somebody listens there
 * @throws HOST_UNFIT something that is no socket lies there, or the socket cannot be made
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  await removeStaleSocket(path);
  await listening(server, { path }, path);
  chmodSync(path, 0o600);
}

/**
 * Listens on a TCP port of the loopback interface.
 * @param address `127.0.0.1:9100` or `[::1]:9100`
 * @throws HOST_UNFIT the port cannot be had
 */
export async function listenOnLoopback(server: Server, address: string): Promise<void> {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
  await listening(server, { host, port: Number(address.slice(colon + 1)) }, address);
}

async function removeStaleSocket(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw unfit(path, "is no socket; remove it");
  if (await answers(path)) throw new PodwireError("SOCKET_TAKEN", `somebody listens on ${quoteValue(path)} already`);
  rmSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

type Place = { readonly path: string } | { readonly host: string; readonly port: number };

function listening(server: Server, place: Place, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => reject(unfit(name, `cannot be listened on: ${errorFrom(cause).message}`));
    server.once("error", fail);
    try {
      server.listen(place, () => {
        server.off("error", fail);
        resolve();
      });
    } catch (error) {
      // A port that is none is thrown, not emitted.
      fail(error as Error);
    }
  });
}

function unfit(name: string, problem: string): PodwireError {
  return new PodwireError("HOST_UNFIT", `${quoteValue(name)} ${problem}`, { value: quoteValue(name) });
}
