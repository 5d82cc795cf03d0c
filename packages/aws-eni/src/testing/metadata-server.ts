import type { IncomingMessage, ServerResponse } from "node:http";
import { callWithFaults } from "@podwire/testkit";
import type { FakeAwsBackend } from "./fake-aws.ts";
import { lookUp, metadataTree } from "./metadata-tree.ts";
import { type FakeServer, type ListenAddress, listen, peerAddress, readText } from "./server.ts";
import { type FakeInstance, isPrimary } from "./world.ts";

/**
 * The instance metadata service, version 2 required: a session token comes from PUT, without one the answer is 401.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
export function serveMetadata(
  backend: FakeAwsBackend,
  { instanceId, ...address }: ListenAddress & { readonly instanceId?: string },
): Promise<FakeServer> {
  const sessions: Sessions = new Map();
  return listen((request, response) => {
    answer({ backend, sessions, instanceId }, request, response).catch(() => response.destroy());
  }, address);
}

/** When each token ends, `Clock.bootMs`. */
type Sessions = Map<string, number>;

interface MetadataDoor {
  readonly backend: FakeAwsBackend;
  readonly sessions: Sessions;
  readonly instanceId: string | undefined;
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function answer(door: MetadataDoor, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { faults, clock } = door.backend;
  if ((await readText(request, 1024)) === undefined) {
    response.destroy();
    return;
  }
  const instance = askingInstance(door, request);
  const parameters = { method: request.method, path: request.url };
  const caller = instance === undefined ? {} : { caller: instance.instanceId };
  const injection = faults.consult({ action: "Metadata", ...caller, parameters });
  const outcome = await callWithFaults(clock, injection, () => replyTo(door, request, instance));
  if (outcome.kind === "lost") response.destroy();
  else if (outcome.kind === "refused") send(response, { status: Number(outcome.fail.code) || 500, text: "" });
  else send(response, outcome.answer);
}

function replyTo(door: MetadataDoor, request: IncomingMessage, instance: FakeInstance | undefined): Reply {
  // A proxy in between must not be able to get tokens.
  if (request.headers["x-forwarded-for"] !== undefined) return { status: 403, text: "" };
  if (instance === undefined) return { status: 404, text: "" };
  const path =
    (request.url ?? "")
      .split("?")[0]
      ?.split("/")
      .filter((name) => name !== "") ?? [];
  if (request.method === "PUT" && path.join("/") === "latest/api/token") return newSession(door, request);
  if (request.method !== "GET") return { status: 405, text: "" };
  return isInSession(door, request) ? replyFor(door, instance, path) : { status: 401, text: "" };
}

function newSession({ backend, sessions }: MetadataDoor, request: IncomingMessage): Reply {
  const lifeText = String(request.headers["x-aws-ec2-metadata-token-ttl-seconds"] ?? "");
  const lifeSeconds = /^\d{1,5}$/.test(lifeText) ? Number(lifeText) : 0;
  if (lifeSeconds < 1 || lifeSeconds > 21_600) return { status: 400, text: "" };
  const token = `${backend.random.hex(40)}==`;
  sessions.set(token, backend.clock.bootMs() + lifeSeconds * 1000);
  return { status: 200, text: token, headers: { "x-aws-ec2-metadata-token-ttl-seconds": lifeText } };
}

function isInSession({ backend, sessions }: MetadataDoor, request: IncomingMessage): boolean {
  const endMs = sessions.get(String(request.headers["x-aws-ec2-metadata-token"] ?? ""));
  return endMs !== undefined && backend.clock.bootMs() < endMs;
}

function replyFor({ backend }: MetadataDoor, instance: FakeInstance, [version, ...path]: readonly string[]): Reply {
  if (version !== "latest") return { status: 404, text: "" };
  const text = lookUp(metadataTree(backend.metadataState(), instance, backend.clock), path);
  return text === undefined ? { status: 404, text: "" } : { status: 200, text };
}

function askingInstance({ backend, instanceId }: MetadataDoor, request: IncomingMessage): FakeInstance | undefined {
  const { instances, interfaces } = backend.model.state();
  const peer = peerAddress(request);
  const asking =
    instanceId ?? interfaces.find((own) => isPrimary(own) && own.privateIpAddress === peer)?.attachment?.instanceId;
  return instances.find((instance) => instance.instanceId === asking);
}

function send(response: ServerResponse, { status, text, headers = {} }: Reply): void {
  response.writeHead(status, { "content-type": "text/plain", ...headers });
  response.end(text);
}
