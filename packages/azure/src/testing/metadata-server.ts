import type { IncomingMessage, ServerResponse } from "node:http";
import { callWithFaults } from "@podwire/testkit";
import type { NetworkInterface } from "../api.ts";
import { idKey } from "../resource-id.ts";
import type { ArmAnswerDocument } from "./answer-document.ts";
import type { FakeAzureBackend } from "./fake-azure.ts";
import { type FakeServer, type ListenAddress, listen, peerAddress } from "./server.ts";
import type { FakeMachine, World } from "./world.ts";

/**
 * The instance metadata service, and the tokens of a managed identity. It wants the header `Metadata: true` and an
 * api-version, and serves nobody behind a proxy.
 * https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service
 */
export function serveMetadata(
  backend: FakeAzureBackend,
  { machineName, ...address }: ListenAddress & { readonly machineName?: string },
): Promise<FakeServer> {
  return listen((request, response) => {
    answer({ backend, machineName }, request, response).catch(() => response.destroy());
  }, address);
}

interface MetadataDoor {
  readonly backend: FakeAzureBackend;
  readonly machineName: string | undefined;
}

interface Reply {
  readonly status: number;
  readonly document: ArmAnswerDocument;
}

async function answer(door: MetadataDoor, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { faults, clock } = door.backend;
  const machine = askingMachine(door, request);
  const caller = machine === undefined ? {} : { caller: machine.name };
  const parameters = { method: request.method, path: request.url };
  const injection = faults.consult({ action: "Metadata", ...caller, parameters });
  const outcome = await callWithFaults(clock, injection, () => replyTo(door, request, machine));
  if (outcome.kind === "lost") response.destroy();
  else if (outcome.kind === "refused") send(response, refused(Number(outcome.fail.code) || 500, outcome.fail.code));
  else send(response, outcome.answer);
}

function replyTo(door: MetadataDoor, request: IncomingMessage, machine: FakeMachine | undefined): Reply {
  const url = new URL(request.url ?? "/", "http://metadata");
  // A proxy in between must not be able to get tokens.
  if (request.headers["x-forwarded-for"] !== undefined) return refused(400, "a forwarded request");
  if (request.headers["metadata"] !== "true") return refused(400, "Required metadata header not specified");
  if (!url.searchParams.has("api-version")) return refused(400, "Bad request. api-version is required.");
  if (request.method !== "GET") return refused(405, "Method not allowed");
  if (machine === undefined) return refused(404, "Not found");
  const { world } = door.backend.model;
  if (url.pathname === "/metadata/instance") return { status: 200, document: instanceOf(world, machine) };
  if (url.pathname !== "/metadata/identity/oauth2/token") return refused(404, "Not found");
  const resource = url.searchParams.get("resource");
  return resource === null
    ? refused(400, "invalid_request: resource")
    : { status: 200, document: tokenOf(machine, resource) };
}

function instanceOf(world: World, machine: FakeMachine): ArmAnswerDocument {
  const { scenario, interfaces } = world;
  const own = machine.properties.networkProfile.networkInterfaces.flatMap(({ id }) => interfaces.get(idKey(id)) ?? []);
  return {
    compute: {
      azEnvironment: "AzurePublicCloud",
      location: machine.location,
      name: machine.name,
      resourceGroupName: scenario.resourceGroup,
      resourceId: machine.id,
      subscriptionId: scenario.subscriptionId,
      vmId: machine.properties.vmId,
      vmScaleSetName: "",
      vmSize: machine.properties.hardwareProfile.vmSize,
      zone: machine.zones[0] ?? "",
    },
    network: { interface: own.map((one) => interfaceOf(world, one)) },
  };
}

/** Addresses and the ranges of their subnets; neither the subnet's id nor the network's. */
function interfaceOf({ spaces }: World, { properties }: NetworkInterface) {
  const ipv4 = properties.ipConfigurations.filter((one) => one.properties.privateIPAddressVersion !== "IPv6");
  const [address = "", prefix = ""] = spaces.get(idKey(ipv4[0]?.properties.subnet?.id ?? ""))?.cidr.split("/") ?? [];
  return {
    macAddress: properties.macAddress?.replaceAll("-", ""),
    ipv4: {
      ipAddress: ipv4.map((one) => ({ privateIpAddress: one.properties.privateIPAddress, publicIpAddress: "" })),
      subnet: [{ address, prefix }],
    },
    ipv6: { ipAddress: [] },
  };
}

/** The fake ARM takes the token for the caller's name. */
function tokenOf({ name }: FakeMachine, resource: string): ArmAnswerDocument {
  const [access_token, token_type] = [name, "Bearer"];
  return { access_token, token_type, resource, expires_in: "86399", expires_on: "4102444800", not_before: "0" };
}

/** The one that is named, else the one whose primary address asks. */
function askingMachine({ backend, machineName }: MetadataDoor, request: IncomingMessage): FakeMachine | undefined {
  const { machines, interfaces } = backend.model.world;
  const peer = peerAddress(request);
  return [...machines.values()].find(({ name, properties }) => {
    if (machineName !== undefined) return name === machineName;
    const primary = interfaces.get(idKey(properties.networkProfile.networkInterfaces[0]?.id ?? ""));
    return primary?.properties.ipConfigurations[0]?.properties.privateIPAddress === peer;
  });
}

function refused(status: number, error: string): Reply {
  return { status, document: { error } };
}

function send(response: ServerResponse, { status, document }: Reply): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(document));
}
