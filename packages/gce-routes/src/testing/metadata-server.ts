import type { IncomingMessage, ServerResponse } from "node:http";
import { callWithFaults } from "@podwire/testkit";
import type { FakeGceBackend } from "./fake-gce.ts";
import { type FakeServer, type ListenAddress, listen, peerAddress, readText } from "./server.ts";
import { type FakeInstance, spaceOf } from "./world.ts";

/**
 * The metadata server: without the header `Metadata-Flavor: Google` it answers 403.
 * https://cloud.google.com/compute/docs/metadata/querying-metadata
 */
export function serveMetadata(
  backend: FakeGceBackend,
  { instance, ...address }: ListenAddress & { readonly instance?: string },
): Promise<FakeServer> {
  return listen((request, response) => {
    answer(backend, { request, instance }, response).catch(() => response.destroy());
  }, address);
}

interface Question {
  readonly request: IncomingMessage;
  readonly instance: string | undefined;
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

async function answer(backend: FakeGceBackend, question: Question, response: ServerResponse): Promise<void> {
  const { request } = question;
  await readText(request, 1024);
  const instance = askingInstance(backend, question);
  const caller = instance === undefined ? {} : { caller: instance.name };
  const injection = backend.faults.consult({ action: "Metadata", ...caller, parameters: { path: request.url } });
  const outcome = await callWithFaults(backend.clock, injection, () => replyTo(backend, request, instance));
  if (outcome.kind === "lost") response.destroy();
  else if (outcome.kind === "refused") send(response, { status: Number(outcome.fail.code) || 500, text: "" });
  else send(response, outcome.answer);
}

function replyTo(backend: FakeGceBackend, request: IncomingMessage, instance: FakeInstance | undefined): Reply {
  // A proxy in between must not be able to ask.
  const isDirect = request.headers["x-forwarded-for"] === undefined;
  if (request.headers["metadata-flavor"] !== "Google" || !isDirect) return { status: 403, text: "" };
  if (request.method !== "GET") return { status: 405, text: "" };
  const path = new URL(request.url ?? "/", "http://fake").pathname.replace(/\/$/, "");
  // Google's libraries ask for the root to find out whether they are on an instance.
  if (path === "" || path === "/computeMetadata/v1/instance") return { status: 200, text: "computeMetadata/" };
  const text =
    instance === undefined ? undefined : valuesOf(backend, instance)[path.replace("/computeMetadata/v1/", "")];
  return text === undefined ? { status: 404, text: "" } : { status: 200, text };
}

function valuesOf({ model }: FakeGceBackend, instance: FakeInstance): Readonly<Record<string, string>> {
  const { project, projectNumber, networks } = model.world;
  const { name, zone, machineType, networkInterfaces } = instance;
  const token = { access_token: name, expires_in: 3599, token_type: "Bearer" };
  const ofInterfaces = networkInterfaces.flatMap((own, index) => {
    const gateway = model.world.subnetworks.get(own.subnetwork)?.gatewayAddress ?? "";
    const values = {
      ip: own.networkIP,
      mac: own.macAddress,
      mtu: String(networks.get(own.network)?.mtu),
      network: `projects/${projectNumber}/networks/${own.network}`,
      gateway,
      subnetmask: maskOf(spaceOf(model.world, own.subnetwork, undefined)?.cidr ?? "/32"),
      "ip-aliases": own.aliasIpRanges.map(({ ipCidrRange }) => ipCidrRange).join("\n"),
    };
    return Object.entries(values).map(([key, value]) => [`instance/network-interfaces/${index}/${key}`, value]);
  });
  return {
    "project/project-id": project,
    "project/numeric-project-id": projectNumber,
    "universe/universe-domain": "googleapis.com",
    "instance/id": instance.id,
    "instance/name": name,
    "instance/hostname": `${name}.${zone}.c.${project}.internal`,
    "instance/zone": `projects/${projectNumber}/zones/${zone}`,
    "instance/machine-type": `projects/${projectNumber}/machineTypes/${machineType}`,
    "instance/service-accounts/default/email": `podwire@${project}.iam.gserviceaccount.com`,
    "instance/service-accounts/default/token": JSON.stringify(token),
    ...Object.fromEntries(ofInterfaces),
  };
}

function maskOf(cidr: string): string {
  const bits = Number(cidr.slice(cidr.indexOf("/") + 1));
  return [0, 8, 16, 24].map((shift) => 256 - 2 ** (8 - Math.min(Math.max(bits - shift, 0), 8))).join(".");
}

function askingInstance({ model }: FakeGceBackend, { request, instance }: Question): FakeInstance | undefined {
  const instances = [...model.world.instances.values()];
  const peer = peerAddress(request);
  return instances.find(({ name, networkInterfaces: [own] }) =>
    instance === undefined ? own?.networkIP === peer : name === instance,
  );
}

function send(response: ServerResponse, { status, text }: Reply): void {
  const type = text.startsWith("{") ? "application/json" : "application/text";
  response.writeHead(status, { "content-type": type, "metadata-flavor": "Google", server: "Metadata Server for VM" });
  response.end(text);
}
