import { type CallOptions, PodwireError } from "@podwire/core";
import type { FaultyOutcome } from "@podwire/testkit";
import type { Ec2Action, Ec2Api, NetworkInterface } from "../api.ts";
import { askedFor, type Ec2Call, type Ec2Failure, errorOfFailure } from "../errors.ts";
import type { Ec2Answers, Ec2Result } from "./answers.ts";
import type { FakeAwsBackend } from "./fake-aws.ts";
import { httpStatusByCode } from "./refusals.ts";
import type { Ec2Command, Ec2Requests } from "./requests.ts";
import type { FakeInterface } from "./world.ts";

/** The first door: the same calls, refusals and faults as on the wire, judged by the same table, without bytes. */
export function createInProcessApi(backend: FakeAwsBackend, caller: string): Ec2Api {
  const call = <A extends Ec2Action>(
    { action, request, object }: { readonly action: A; readonly request: Ec2Requests[A]; readonly object: string },
    options: CallOptions,
  ) =>
    callOnce({ action, object, ...askedFor(request as Parameters<typeof askedFor>[0]) }, options, () =>
      backend.perform({ action, request } as Ec2Command, caller),
    ) as Promise<Ec2Answers[A]>;
  const objectOf = (values: readonly string[]) => values.join(" ");
  return {
    async describeInstanceTypes({ instanceTypes }, options) {
      const request = { instanceTypes };
      return (await call({ action: "DescribeInstanceTypes", request, object: objectOf(instanceTypes) }, options)).items;
    },
    async describeNetworkInterfaces(request, options) {
      const object =
        "filters" in request
          ? objectOf(request.filters.flatMap((f) => f.values))
          : objectOf(request.networkInterfaceIds);
      const { items } = await call({ action: "DescribeNetworkInterfaces", request, object }, options);
      return items.map(networkInterfaceOf);
    },
    async describeSubnets(request, options) {
      const object = objectOf(request.filters.flatMap((filter) => filter.values));
      const { items } = await call({ action: "DescribeSubnets", request, object }, options);
      return items.map(({ vpcId: _, ipv6CidrBlock, ...subnet }) => ({
        ...subnet,
        ipv6CidrBlocks: ipv6CidrBlock === undefined ? [] : [ipv6CidrBlock],
      }));
    },
    async describeVpcs(request, options) {
      const { items } = await call({ action: "DescribeVpcs", request, object: objectOf(request.vpcIds) }, options);
      return items.map(({ vpcId, cidrBlocks, ipv6CidrBlocks }) => ({ vpcId, cidrBlocks, ipv6CidrBlocks }));
    },
    async assignPrivateIpAddresses(request, options) {
      const object = request.networkInterfaceId;
      const { addresses, prefixes } = await call({ action: "AssignPrivateIpAddresses", request, object }, options);
      return { privateIpAddresses: addresses, ipv4Prefixes: prefixes };
    },
    async unassignPrivateIpAddresses({ networkInterfaceId: object, privateIpAddresses, ipv4Prefixes }, options) {
      const request = { networkInterfaceId: object, privateIpAddresses, ipv4Prefixes };
      await call({ action: "UnassignPrivateIpAddresses", request, object }, options);
    },
    async assignIpv6Addresses(request, options) {
      const object = request.networkInterfaceId;
      return { ipv6Prefixes: (await call({ action: "AssignIpv6Addresses", request, object }, options)).prefixes };
    },
    async unassignIpv6Addresses(request, options) {
      await call({ action: "UnassignIpv6Addresses", request, object: request.networkInterfaceId }, options);
    },
    async createNetworkInterface({ tags, ...input }, options) {
      const request = { ...input, tagSpecifications: [{ resourceType: "network-interface", tags }] };
      const object = input.subnetId;
      return networkInterfaceOf(await call({ action: "CreateNetworkInterface", request, object }, options));
    },
    async attachNetworkInterface(request, options) {
      const object = request.networkInterfaceId;
      const { attachmentId } = await call({ action: "AttachNetworkInterface", request, object }, options);
      return { attachmentId };
    },
    async modifyNetworkInterfaceAttribute(request, options) {
      await call({ action: "ModifyNetworkInterfaceAttribute", request, object: request.networkInterfaceId }, options);
    },
    async detachNetworkInterface(request, options) {
      await call({ action: "DetachNetworkInterface", request, object: request.attachmentId }, options);
    },
    async deleteNetworkInterface(request, options) {
      await call({ action: "DeleteNetworkInterface", request, object: request.networkInterfaceId }, options);
    },
  };
}

async function callOnce(
  call: Ec2Call,
  { signal }: CallOptions,
  perform: () => Promise<FaultyOutcome<Ec2Result>>,
): Promise<Ec2Answers[Ec2Action]> {
  if (signal.aborted) throw new PodwireError("CANCELLED", `ec2:${call.action} was cancelled before it was sent`);
  const outcome = await new Promise<FaultyOutcome<Ec2Result>>((resolve, reject) => {
    const abort = () => reject(errorOfFailure(call, { kind: "aborted" }));
    signal.addEventListener("abort", abort, { once: true });
    perform()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
  if (outcome.kind === "answered" && "answer" in outcome.answer) return outcome.answer.answer;
  throw errorOfFailure(call, failureOf(outcome));
}

function failureOf(outcome: FaultyOutcome<Ec2Result>): Ec2Failure {
  if (outcome.kind === "lost") {
    const status = outcome.how === "html-503" ? { httpStatus: 503 } : {};
    return { kind: "unanswered", message: `the answer was lost (${outcome.how})`, ...status };
  }
  if (outcome.kind === "refused") {
    const { code, message = "the fault plan refuses the call", retryAfterMs } = outcome.fail;
    const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
    return { kind: "refused", code, message, httpStatus: httpStatusByCode[code] ?? 400, ...retry };
  }
  if ("refusal" in outcome.answer) return { kind: "refused", ...outcome.answer.refusal };
  throw new PodwireError("INTERNAL", "an answer was taken for a failure");
}

function networkInterfaceOf(own: FakeInterface): NetworkInterface {
  const { networkInterfaceId, macAddress, subnetId, attachment, securityGroupIds, tags } = own;
  return {
    networkInterfaceId,
    macAddress,
    subnetId,
    ...(attachment === undefined ? {} : { attachment: { ...attachment, networkCardIndex: 0 } }),
    securityGroupIds,
    privateIpAddresses: [
      { privateIpAddress: own.privateIpAddress, primary: true },
      ...own.secondaryAddresses.map((privateIpAddress) => ({ privateIpAddress, primary: false })),
    ],
    ipv4Prefixes: own.ipv4Prefixes,
    ipv6Addresses: own.ipv6Addresses,
    ipv6Prefixes: own.ipv6Prefixes,
    tags,
  };
}
