import { type HostNetwork, parseAddress, parseCidr, parseMac } from "@podwire/core";
import {
  createNetns,
  createVeth,
  deleteNetns,
  type Netlink,
  openNetlink,
  type Route,
  replaceAddr,
  replaceNeigh,
  replaceRoute,
  setLink,
} from "@podwire/linux";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readKernelFacts } from "./kernel-facts.ts";

const netnsPath = "/run/netns/audit-node";
const [protocol, podTable] = [112, 7700];
const host: Pick<HostNetwork, "attachments" | "interfaces"> = {
  attachments: async () => [],
  interfaces: async () => [],
};

let netlink: Netlink;

beforeEach(() => {
  createNetns(netnsPath);
  netlink = openNetlink({ netnsPath });
});
afterEach(() => {
  netlink.close();
  deleteNetns(netnsPath);
});

it("finds podwire's routes and neighbours of both families, and none of anybody else", async () => {
  const pods = [parseAddress("10.0.0.5"), parseAddress("2001:db8::5")];
  const [stray, block] = [parseAddress("10.0.0.9"), parseCidr("10.0.0.4/30")];
  await netlink.apply([createVeth({ name: "va", mtuBytes: 1500, peer: { name: "vb" } }), setLink("va", { up: true })]);
  const ifIndex = (await netlink.link("va"))?.index ?? 0;
  const route: Omit<Route, "destination"> = { table: podTable, type: "unicast", protocol, ifIndex };
  const neigh = { ifIndex, mac: parseMac("02:00:00:00:00:07") };
  await netlink.apply([
    setLink("vb", { up: true }),
    replaceAddr({ ifIndex, address: parseAddress("10.0.0.1"), prefixLength: 32, protocol: 0 }),
    replaceRoute({ ...route, destination: parseCidr("10.0.0.5/32") }),
    replaceRoute({ ...route, destination: parseCidr("2001:db8::5/128") }),
    replaceRoute({ table: podTable, type: "unreachable", protocol, destination: block }),
    replaceRoute({ ...route, destination: parseCidr("10.0.0.6/32"), protocol: 4 }),
    replaceRoute({ ...route, destination: parseCidr("10.0.0.7/32"), table: 254 }),
    replaceRoute({ ...route, destination: parseCidr("10.9.0.0/24") }),
    ...[...pods, stray].map((address) => replaceNeigh({ ...neigh, address })),
  ]);
  const facts = await readKernelFacts({ host, netlink, protocol, podTable });
  expect(facts.podRoutes).toEqual(pods);
  expect(facts.blockRoutes).toEqual([block]);
  expect([...facts.podNeighbours].sort()).toEqual([...pods, stray].sort());
});
