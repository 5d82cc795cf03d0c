import { addressBits, type Cidr, networkAddress, prefixLength } from "@podwire/core";
import type { SeededRandom } from "@podwire/testkit";
import type { IpConfiguration, NetworkInterface } from "../api.ts";
import { blockOf } from "../blocks.ts";
import { idKey } from "../resource-id.ts";
import { subnetIdOf } from "./interface-refusals.ts";
import { newEtag, type World } from "./world.ts";

/** Whether everything that is new in the document finds room. What goes makes room first. Takes nothing. */
export function hasRoomFor(world: World, before: NetworkInterface, wanted: NetworkInterface): boolean {
  const { placed, undo } = place(world, before, wanted.properties.ipConfigurations);
  undo();
  return placed.every((one) => one !== undefined);
}

/**
 * The document as ARM keeps it: what is missing is released, what is new has its address.
 * @param atMost how many of the new ones are made: an operation that ends half-way
 */
export function writeInterface(
  world: World,
  { before, wanted }: { readonly before: NetworkInterface; readonly wanted: NetworkInterface },
  { random, atMost }: { readonly random: SeededRandom; readonly atMost: number },
): NetworkInterface {
  const known = new Set(before.properties.ipConfigurations.map(({ name }) => idKey(name)));
  const isNew = ({ name }: IpConfiguration) => !known.has(idKey(name));
  const kept = new Set(wanted.properties.ipConfigurations.filter(isNew).slice(0, atMost));
  const configurations = wanted.properties.ipConfigurations.filter((one) => !isNew(one) || kept.has(one));
  const { placed } = place(world, before, configurations);
  const etag = newEtag(random);
  const written = {
    ...wanted,
    // What belongs to ARM cannot be written.
    id: before.id,
    name: before.name,
    location: before.location,
    etag,
    properties: {
      ...wanted.properties,
      provisioningState: "Succeeded",
      ...ownProperties(before),
      ipConfigurations: placed.flatMap((one) => (one === undefined ? [] : [asKept(before, one, etag)])),
    },
  };
  world.interfaces.set(idKey(before.id), written);
  return written;
}

/** Addresses of the configurations in the space; `undefined` for those that find none. */
function place(world: World, before: NetworkInterface, configurations: readonly IpConfiguration[]) {
  const changes: (() => void)[] = [];
  const staying = new Set(configurations.map(keyOf));
  for (const one of before.properties.ipConfigurations) {
    const [space, cidr] = [world.spaces.get(idKey(subnetIdOf(one))), blockOf(one)];
    if (staying.has(keyOf(one)) || space === undefined || cidr === undefined) continue;
    space.release(cidr);
    changes.push(() => space.claim(cidr));
  }
  const present = new Map(before.properties.ipConfigurations.map((one) => [idKey(one.name), one]));
  const placed = configurations.map((one) => {
    const old = present.get(idKey(one.name));
    if (old !== undefined && keyOf(old) === keyOf(one)) return one;
    const taken = takeFor(world, one);
    if (taken === undefined) return undefined;
    changes.push(() => world.spaces.get(idKey(subnetIdOf(one)))?.release(taken));
    return withAddress(one, taken);
  });
  const undo = () => {
    for (const change of changes.reverse()) change();
  };
  return { placed, undo };
}

function takeFor({ spaces }: World, one: IpConfiguration): Cidr | undefined {
  const space = spaces.get(idKey(subnetIdOf(one)));
  const named = blockOf(one);
  if (named !== undefined) return space?.claim(named) ? named : undefined;
  return space?.take(one.properties.privateIPAddressPrefixLength ?? addressBits(4));
}

/** Of a block ARM writes the CIDR, of an address the address. */
function withAddress(one: IpConfiguration, cidr: Cidr): IpConfiguration {
  const text = prefixLength(cidr) === addressBits(4) ? networkAddress(cidr) : cidr;
  return { ...one, properties: { ...one.properties, privateIPAddress: text } };
}

function asKept(before: NetworkInterface, one: IpConfiguration, etag: string) {
  const properties = { ...one.properties, provisioningState: "Succeeded" };
  return { ...one, id: `${before.id}/ipConfigurations/${one.name}`, etag, properties };
}

function ownProperties({ properties }: NetworkInterface) {
  const { macAddress, virtualMachine } = properties;
  return {
    ...(macAddress === undefined ? {} : { macAddress }),
    ...(virtualMachine === undefined ? {} : { virtualMachine }),
  };
}

/** One configuration that keeps its address. Without one in the document it keeps what it has. */
function keyOf(one: IpConfiguration): string {
  return `${idKey(one.name)} ${one.properties.privateIPAddress ?? ""} ${idKey(subnetIdOf(one))}`;
}
