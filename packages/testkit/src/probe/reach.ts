import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import type { Reachability, ReachOptions } from "./protocol.ts";

/**
 * A lost datagram is sent again after this long: the first one may have been dropped while a neighbour was resolved.
 */
const resendMs = 100;

/** Whether the echo server of `echo.ts` at the target answers in time, and as whom it sees us. Never rejects. */
export function reach(options: ReachOptions): Promise<Reachability> {
  return options.protocol === "tcp" ? reachByTcp(options) : reachByUdp(options);
}

function reachByTcp(options: ReachOptions): Promise<Reachability> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const { address: host, port } = options;
    const socket = connect({ host, port, ...(options.from === undefined ? {} : { localAddress: options.from }) });
    const finish = (outcome: Reachability) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => finish({ reached: false, why: "timeout" }), options.timeoutMs);
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes;
    });
    socket.on("end", () => finish(reached(text.trim(), startedMs)));
    socket.on("error", (error) => finish(blocked(error)));
  });
}

function reachByUdp(options: ReachOptions): Promise<Reachability> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(options.address) ? "udp6" : "udp4");
    const finish = (outcome: Reachability) => {
      clearTimeout(timer);
      clearInterval(resender);
      socket.removeAllListeners().on("error", () => {});
      socket.close();
      resolve(outcome);
    };
    const timer = setTimeout(() => finish({ reached: false, why: "timeout" }), options.timeoutMs);
    const send = () =>
      socket.send("?", (error) => {
        if (error !== null) finish(blocked(error));
      });
    let resender: NodeJS.Timeout | undefined;
    socket.on("error", (error) => finish(blocked(error)));
    socket.on("message", (bytes) => finish(reached(bytes.toString(), startedMs)));
    socket.on("connect", () => {
      send();
      resender = setInterval(send, resendMs);
    });
    socket.bind({ ...(options.from === undefined ? {} : { address: options.from }) }, () =>
      socket.connect(options.port, options.address),
    );
  });
}

function reached(seenAs: string, startedMs: number): Reachability {
  return { reached: true, seenAs, ms: performance.now() - startedMs };
}

function blocked(error: NodeJS.ErrnoException): Reachability {
  return { reached: false, why: error.code ?? error.message };
}
