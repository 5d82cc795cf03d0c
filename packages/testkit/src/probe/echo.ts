import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, isIPv6, type Server } from "node:net";
import { streamMark } from "./stream.ts";

/**
 * Servers on TCP and UDP that answer with the address of the peer as they see it; a datagram of a stream goes back as
 * it is. Bound to each address on its own, not to the wildcard: an answer over UDP must come from the address that was
 * asked.
 */
export async function startEcho(addresses: readonly string[], port: number): Promise<void> {
  await Promise.all(addresses.flatMap((address) => [listenTcp(address, port), listenUdp(address, port)]));
}

async function listenTcp(host: string, port: number): Promise<Server> {
  const server = createServer((socket) => {
    // A reset by the peer concerns that connection alone.
    socket.on("error", () => {});
    socket.end(`${socket.remoteAddress}\n`);
  });
  server.listen({ host, port });
  await once(server, "listening");
  return server;
}

async function listenUdp(address: string, port: number): Promise<UdpSocket> {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  socket.on("message", (bytes, peer) => {
    const text = bytes.toString();
    socket.send(text.startsWith(streamMark) ? text : peer.address, peer.port, peer.address, () => {});
  });
  socket.bind({ address, port });
  await once(socket, "listening");
  return socket;
}
