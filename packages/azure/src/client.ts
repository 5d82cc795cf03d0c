import { NetworkManagementClient } from "@azure/arm-network";
import { createHttpHeaders, createPipelineRequest, type PipelineResponse } from "@azure/core-rest-pipeline";
import { DefaultAzureCredential, type TokenCredential } from "@azure/identity";
import { type CallOptions, PodwireError } from "@podwire/core";
import type { ArmApi, NetworkInterface, RouteTable, VirtualMachine, VirtualNetwork } from "./api.ts";
import { type ArmAnswer, acceptanceOf, documentOf, failureOfAnswer, operationStateOf } from "./arm-answer.ts";
import { askedIn } from "./asked-prefixes.ts";
import { type ArmCall, errorOfFailure } from "./errors.ts";
import { parseResourceId } from "./resource-id.ts";
import { answerOfResponse, failureOfThrown } from "./thrown-failure.ts";

export interface ArmClientOptions {
  readonly callTimeoutMs: number;
  /** Default: environment, workload identity, managed identity, in this order, as the SDK looks for them. */
  readonly credential?: TokenCredential;
  /** Default: the public cloud's. */
  readonly endpoint?: string;
  /** Certificates to trust beside those that Node trusts, PEM. */
  readonly ca?: string;
}

/**
 * Azure Resource Manager through the SDK. Its own retries are off: podwire retries in one place. Documents are taken
 * from the wire and put back on it over the SDK's pipeline, not through its models: those drop what they do not know,
 * and a PUT would take it away from the resource. Its pollers are not used, as they lose the code of an error.
 */
export function createArmClient(options: ArmClientOptions): ArmApi {
  return new SdkClient(options);
}

const publicEndpoint = "https://management.azure.com";
/** What the SDK's own calls send. */
const networkVersion = "2025-05-01";
const computeVersion = "2024-07-01";

class SdkClient implements ArmApi {
  readonly #endpoint: string;
  readonly #callTimeoutMs: number;
  readonly #createSdk: (subscriptionId: string) => NetworkManagementClient;
  readonly #sdks = new Map<string, NetworkManagementClient>();

  constructor({ callTimeoutMs, credential, endpoint = publicEndpoint, ca }: ArmClientOptions) {
    this.#endpoint = endpoint;
    this.#callTimeoutMs = callTimeoutMs;
    const shared = credential ?? new DefaultAzureCredential();
    this.#createSdk = (subscriptionId) =>
      new NetworkManagementClient(shared, subscriptionId, {
        endpoint,
        retryOptions: { maxRetries: 0 },
        ...(ca === undefined ? {} : { tlsOptions: { ca } }),
      });
  }

  async getVirtualMachine(id: string, options: CallOptions): Promise<VirtualMachine> {
    const { subscriptionId } = parseResourceId(id, "Microsoft.Compute/virtualMachines");
    const call: ArmCall = { action: "virtualMachines.get", object: id };
    const url = `${this.#endpoint}${id}?api-version=${computeVersion}`;
    return documentIn(call, await this.#request(call, { method: "GET", url, subscriptionId }, options));
  }

  getNetworkInterface(id: string, options: CallOptions): Promise<NetworkInterface> {
    return this.#read({ action: "networkInterfaces.get", object: id }, options, (of) => {
      const { sdk, resourceGroup, name } = this.#find(id, "Microsoft.Network/networkInterfaces");
      return sdk.networkInterfaces.get(resourceGroup, name, of);
    });
  }

  async listNetworkInterfaces(
    { subscriptionId, resourceGroup }: Parameters<ArmApi["listNetworkInterfaces"]>[0],
    options: CallOptions,
  ): Promise<readonly NetworkInterface[]> {
    const call: ArmCall = { action: "networkInterfaces.list", object: resourceGroup };
    const pages = await this.#readAll(call, options, async (of) => {
      for await (const _page of this.#sdk(subscriptionId).networkInterfaces.list(resourceGroup, of).byPage());
    });
    return pages.flatMap((page) => documentIn<{ readonly value: readonly NetworkInterface[] }>(call, page).value);
  }

  putNetworkInterface(document: NetworkInterface, options: CallOptions) {
    parseResourceId(document.id, "Microsoft.Network/networkInterfaces");
    const call = { action: "networkInterfaces.createOrUpdate", object: document.id, ...askedIn(document) } as const;
    return this.#put(call, document, options);
  }

  getVirtualNetwork(id: string, options: CallOptions): Promise<VirtualNetwork> {
    return this.#read({ action: "virtualNetworks.get", object: id }, options, (of) => {
      const { sdk, resourceGroup, name } = this.#find(id, "Microsoft.Network/virtualNetworks");
      return sdk.virtualNetworks.get(resourceGroup, name, of);
    });
  }

  async isAddressAvailable(
    { virtualNetworkId: id, ipAddress }: Parameters<ArmApi["isAddressAvailable"]>[0],
    options: CallOptions,
  ): Promise<boolean> {
    const call: ArmCall = { action: "virtualNetworks.checkIPAddressAvailability", object: id };
    const { available } = await this.#read<{ readonly available: boolean }>(call, options, (of) => {
      const { sdk, resourceGroup, name } = this.#find(id, "Microsoft.Network/virtualNetworks");
      return sdk.virtualNetworks.checkIPAddressAvailability(resourceGroup, name, ipAddress, of);
    });
    return available;
  }

  getRouteTable(id: string, options: CallOptions): Promise<RouteTable> {
    return this.#read({ action: "routeTables.get", object: id }, options, (of) => {
      const { sdk, resourceGroup, name } = this.#find(id, "Microsoft.Network/routeTables");
      return sdk.routeTables.get(resourceGroup, name, of);
    });
  }

  putRouteTable(document: RouteTable, options: CallOptions) {
    return this.#put({ action: "routeTables.createOrUpdate", object: document.id }, document, options);
  }

  async getOperation({ url }: Parameters<ArmApi["getOperation"]>[0], options: CallOptions) {
    const call: ArmCall = { action: "operations.get", object: url };
    // The address comes from an answer, and the token goes to it.
    if (new URL(url).origin !== new URL(this.#endpoint).origin) {
      throw new PodwireError("CLOUD_REJECTED", `the operation at ${url} is not of ${this.#endpoint}`, { value: url });
    }
    const subscriptionId = /\/subscriptions\/([^/]+)\//i.exec(url)?.[1] ?? "";
    return operationStateOf(await this.#request(call, { method: "GET", url, subscriptionId }, options));
  }

  async #put(call: ArmCall, document: NetworkInterface | RouteTable, options: CallOptions) {
    const subscriptionId = document.id.split("/")[2] ?? "";
    const url = `${this.#endpoint}${document.id}?api-version=${networkVersion}`;
    const request = {
      method: "PUT",
      url,
      subscriptionId,
      etag: document.etag,
      body: JSON.stringify(document),
    } as const;
    return acceptanceOf(await this.#request(call, request, options));
  }

  /** A call of the SDK's own, whose answer is taken as it came. */
  async #read<T>(call: ArmCall, options: CallOptions, run: (of: SdkOptions) => Promise<unknown>): Promise<T> {
    const [answer] = await this.#readAll(call, options, run);
    if (answer === undefined) throw errorOfFailure(call, { kind: "unanswered", message: "the SDK showed no answer" });
    return documentIn(call, answer);
  }

  async #readAll(call: ArmCall, options: CallOptions, run: (of: SdkOptions) => Promise<unknown>) {
    const answers: ArmAnswer[] = [];
    await send(call, options, (abortSignal) =>
      run({
        abortSignal,
        requestOptions: { timeout: this.#callTimeoutMs, shouldDeserialize: true },
        onResponse: (raw) => answers.push(answerOfResponse(raw)),
      }),
    );
    return answers;
  }

  async #request(call: ArmCall, request: RawRequest, options: CallOptions): Promise<ArmAnswer> {
    const { method, url, subscriptionId, etag, body } = request;
    const headers = createHttpHeaders({
      accept: "application/json",
      ...(etag === undefined ? {} : { "if-match": etag }),
      ...(body === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
    });
    const response = await send(call, options, (abortSignal) =>
      this.#sdk(subscriptionId).sendRequest(
        createPipelineRequest({
          method,
          url,
          headers,
          timeout: this.#callTimeoutMs,
          abortSignal,
          ...(body === undefined ? {} : { body }),
        }),
      ),
    );
    const answer = answerOfResponse(response);
    const failure = failureOfAnswer(answer);
    if (failure !== undefined) throw errorOfFailure(call, failure);
    return answer;
  }

  /** @throws CLOUD_NOT_FOUND */
  #find(id: string, type: Parameters<typeof parseResourceId>[1]) {
    const { subscriptionId, ...place } = parseResourceId(id, type);
    return { sdk: this.#sdk(subscriptionId), ...place };
  }

  #sdk(subscriptionId: string): NetworkManagementClient {
    const known = this.#sdks.get(subscriptionId) ?? this.#createSdk(subscriptionId);
    this.#sdks.set(subscriptionId, known);
    return known;
  }
}

/** What every call of the SDK takes. */
interface SdkOptions {
  readonly abortSignal: AbortSignal;
  readonly requestOptions: { readonly timeout: number; readonly shouldDeserialize: boolean };
  readonly onResponse: (raw: PipelineResponse) => void;
}

interface RawRequest {
  readonly method: "GET" | "PUT";
  readonly url: string;
  readonly subscriptionId: string;
  readonly etag?: string;
  readonly body?: string;
}

/** @throws PodwireError, whatever `run` throws */
async function send<T>(
  call: ArmCall,
  { signal }: CallOptions,
  run: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw new PodwireError("CANCELLED", `${call.action} was cancelled before it was sent`);
  const controller = new AbortController();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => {
    controller.abort();
    reject(controller.signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    // The SDK minds the signal only once it talks to ARM, not while it looks for credentials.
    return await Promise.race([run(controller.signal), aborted]);
  } catch (thrown) {
    if (thrown instanceof PodwireError) throw thrown;
    throw errorOfFailure(call, failureOfThrown(thrown, controller.signal.aborted), thrown);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function documentIn<T>(call: ArmCall, answer: ArmAnswer): T {
  const document = documentOf(answer);
  if (document === undefined) throw errorOfFailure(call, { kind: "unanswered", message: "the answer has no document" });
  return document as T;
}
