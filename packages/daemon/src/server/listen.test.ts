import { linkSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, get, type Server } from "node:http";
import { createServer as createSocketServer, type Server as SocketServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listenOnLoopback, listenOnSocket } from "./listen.ts";

let directory: string;
let path: string;
let servers: (Server | SocketServer)[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "podwire-listen-"));
  path = join(directory, "podwired.sock");
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

function newServer(): Server {
  const server = createServer((_request, response) => response.end("served"));
  servers.push(server);
  return server;
}

function textAt(
  place: { readonly socketPath: string } | { readonly host: string; readonly port: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ ...place, agent: false }, (response) => response.on("data", (chunk) => resolve(String(chunk)))).on(
      "error",
      reject,
    );
  });
}

describe("on a unix socket", () => {
  test("only this user may connect, whatever the umask", async () => {
    const umask = process.umask(0);
    try {
      await listenOnSocket(newServer(), path);
    } finally {
      process.umask(umask);
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await textAt({ socketPath: path })).toBe("served");
  });

  test("the socket that a dead daemon left is replaced", async () => {
    const dead = createSocketServer();
    await new Promise<void>((resolve) => dead.listen(`${path}.live`, resolve));
    linkSync(`${path}.live`, path);
    await new Promise((resolve) => dead.close(resolve));
    await listenOnSocket(newServer(), path);
    expect(await textAt({ socketPath: path })).toBe("served");
  });

  test("the socket of somebody who listens is not touched", async () => {
    await listenOnSocket(newServer(), path);
    await expect(listenOnSocket(newServer(), path)).rejects.toMatchObject({
      code: "SOCKET_TAKEN",
      message: `somebody listens on ${JSON.stringify(path)} already`,
    });
    expect(await textAt({ socketPath: path })).toBe("served");
  });

  const obstacles: readonly { readonly name: string; readonly make: () => void }[] = [
    { name: "a file", make: () => writeFileSync(path, "precious") },
    { name: "a directory", make: () => mkdirSync(path) },
    { name: "a link", make: () => symlinkSync(join(directory, "elsewhere"), path) },
  ];
  test.each(obstacles)("$name in its place is an error that names it, and stays", async ({ make }) => {
    make();
    await expect(listenOnSocket(newServer(), path)).rejects.toMatchObject({
      code: "HOST_UNFIT",
      message: `${JSON.stringify(path)} is no socket; remove it`,
    });
    expect(statSync(path, { throwIfNoEntry: false })?.isSocket()).not.toBe(true);
  });

  test("a directory that is absent is an error that names it", async () => {
    const absent = join(directory, "absent", "podwired.sock");
    await expect(listenOnSocket(newServer(), absent)).rejects.toMatchObject({
      code: "HOST_UNFIT",
      message: expect.stringContaining(absent),
    });
  });
});

describe("on the loopback interface", () => {
  test("a port of 127.0.0.1 is served", async () => {
    const server = newServer();
    await listenOnLoopback(server, "127.0.0.1:0");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    expect(address.address).toBe("127.0.0.1");
    expect(await textAt({ host: "127.0.0.1", port: address.port })).toBe("served");
  });

  test("a port that is taken is an error that names it", async () => {
    const first = newServer();
    await listenOnLoopback(first, "127.0.0.1:0");
    const address = first.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const taken = `127.0.0.1:${address.port}`;
    await expect(listenOnLoopback(newServer(), taken)).rejects.toMatchObject({
      code: "HOST_UNFIT",
      message: expect.stringMatching(new RegExp(`^"${taken}" cannot be listened on: .*EADDRINUSE`)),
    });
  });
});
