import {
  AssignPrivateIpAddressesCommand,
  DescribeVpcsCommand,
  EC2Client,
  EC2ServiceException,
} from "@aws-sdk/client-ec2";
import { type ErrorCode, neverCancelled, PodwireError } from "@podwire/core";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, describe, expect, test } from "vitest";
import { createEc2Client } from "./client.ts";
import { ec2ErrorTable } from "./errors.ts";

const sdk = mockClient(EC2Client);
afterEach(() => sdk.reset());

const client = createEc2Client({ region: "eu-central-1", callTimeoutMs: 1000 });
const options = { signal: neverCancelled };

/** What a read and a change become when the SDK throws `thrown`. */
async function codesOf(thrown: Error): Promise<{ readonly read: PodwireError; readonly change: PodwireError }> {
  sdk.on(DescribeVpcsCommand).rejects(thrown);
  sdk.on(AssignPrivateIpAddressesCommand).rejects(thrown);
  const input = { networkInterfaceId: "eni-1", secondaryPrivateIpAddressCount: 1 };
  return {
    read: await rejectionOf(client.describeVpcs({ vpcIds: ["vpc-1"] }, options)),
    change: await rejectionOf(client.assignPrivateIpAddresses(input, options)),
  };
}

async function rejectionOf(call: Promise<unknown>): Promise<PodwireError> {
  const thrown: unknown = await call.catch((error: unknown) => error);
  if (thrown instanceof PodwireError) return thrown;
  throw new Error(`expected a PodwireError, got ${String(thrown)}`);
}

/** As the SDK throws an error document of EC2. */
function serviceError(code: string, httpStatusCode = 400, message = "EC2's own text"): EC2ServiceException {
  const error = new EC2ServiceException({
    name: code,
    message,
    $fault: httpStatusCode < 500 ? "client" : "server",
    $metadata: { httpStatusCode, requestId: "req-1" },
  });
  return Object.assign(error, { Code: code });
}

describe("EC2's codes", () => {
  const rows: readonly { code: string; httpStatus?: number; text?: string; read: ErrorCode; change?: ErrorCode }[] = [
    { code: "RequestLimitExceeded", httpStatus: 503, read: "CLOUD_THROTTLED" },
    { code: "Throttling", read: "CLOUD_THROTTLED" },
    { code: "ThrottlingException", read: "CLOUD_THROTTLED" },
    { code: "RequestThrottled", read: "CLOUD_THROTTLED" },
    { code: "RequestThrottledException", read: "CLOUD_THROTTLED" },
    { code: "AnythingNew", httpStatus: 429, read: "CLOUD_THROTTLED" },
    { code: "InsufficientFreeAddressesInSubnet", read: "SUBNET_EXHAUSTED" },
    { code: "InsufficientCidrBlocks", read: "SUBNET_EXHAUSTED" },
    {
      code: "InvalidParameterValue",
      text: "There aren't sufficient free Ipv4 addresses or prefixes",
      read: "SUBNET_EXHAUSTED",
    },
    { code: "InvalidParameterValue", read: "CLOUD_REJECTED" },
    { code: "InvalidParameterCombination", read: "CLOUD_REJECTED" },
    { code: "PrivateIpAddressLimitExceeded", read: "CLOUD_LIMIT" },
    { code: "NetworkInterfaceLimitExceeded", read: "CLOUD_LIMIT" },
    { code: "AttachmentLimitExceeded", read: "INTERFACE_LIMIT" },
    { code: "InvalidNetworkInterfaceID.NotFound", read: "CLOUD_NOT_FOUND" },
    { code: "InvalidInstanceID.NotFound", read: "CLOUD_NOT_FOUND" },
    { code: "UnauthorizedOperation", httpStatus: 403, read: "CLOUD_PERMISSION" },
    { code: "AccessDenied", httpStatus: 403, read: "CLOUD_PERMISSION" },
    { code: "AuthFailure", httpStatus: 401, read: "CLOUD_CREDENTIALS" },
    { code: "ExpiredToken", read: "CLOUD_CREDENTIALS" },
    { code: "ExpiredTokenException", read: "CLOUD_CREDENTIALS" },
    { code: "RequestExpired", read: "CLOUD_CREDENTIALS" },
    { code: "InvalidClientTokenId", httpStatus: 403, read: "CLOUD_CREDENTIALS" },
    { code: "SignatureDoesNotMatch", httpStatus: 403, read: "CLOUD_CREDENTIALS" },
    { code: "IncorrectState", read: "CLOUD_CONFLICT" },
    { code: "IncorrectInstanceState", read: "CLOUD_CONFLICT" },
    { code: "InvalidNetworkInterface.InUse", read: "CLOUD_CONFLICT" },
    { code: "InvalidIPAddress.InUse", read: "CLOUD_CONFLICT" },
    {
      code: "InvalidParameterValue",
      text: "Instance 'i-1' already has an interface attached at device index '1'.",
      read: "CLOUD_CONFLICT",
    },
    { code: "InvalidParameterValue", text: "Network interface 'eni-1' is currently in use.", read: "CLOUD_CONFLICT" },
    { code: "InternalError", httpStatus: 500, read: "CLOUD_UNREACHABLE", change: "CLOUD_OUTCOME_UNKNOWN" },
    { code: "Unavailable", httpStatus: 503, read: "CLOUD_THROTTLED", change: "CLOUD_OUTCOME_UNKNOWN" },
    { code: "NobodyKnows", httpStatus: 400, read: "CLOUD_REJECTED" },
    { code: "NobodyKnows", httpStatus: 502, read: "CLOUD_UNREACHABLE", change: "CLOUD_OUTCOME_UNKNOWN" },
  ];

  test.each(rows)("$code (HTTP $httpStatus) is $read", async ({ code, httpStatus, text, read, change = read }) => {
    const errors = await codesOf(serviceError(code, httpStatus, text));
    expect([errors.read.code, errors.change.code]).toEqual([read, change]);
  });

  test("no row of the table is hidden by an earlier one", () => {
    const hidden = ec2ErrorTable.filter(({ vendor, text = "", asked }, index) => {
      const example = vendor.replace("*", "");
      return ec2ErrorTable.slice(0, index).some((earlier) => {
        const [head = "", tail] = earlier.vendor.split("*");
        const sameCode = tail === undefined ? head === example : example.startsWith(head) && example.endsWith(tail);
        return sameCode && text.includes(earlier.text ?? "") && (earlier.asked ?? asked) === asked;
      });
    });
    expect(hidden).toEqual([]);
  });
});

describe("a subnet without room", () => {
  const refused = [
    serviceError("InsufficientCidrBlocks"),
    serviceError("InsufficientFreeAddressesInSubnet"),
    serviceError("InvalidParameterValue", 400, "There aren't sufficient free Ipv4 addresses or prefixes"),
  ];
  const networkInterfaceId = "eni-1";
  const creation = { subnetId: "subnet-1", description: "", securityGroupIds: [], clientToken: "t", tags: {} };
  const addresses = { secondaryPrivateIpAddressCount: 1 };
  const rows: readonly { asked: string; call: () => Promise<unknown>; code: ErrorCode }[] = [
    {
      asked: "an interface's addresses",
      call: () => client.assignPrivateIpAddresses({ networkInterfaceId, ...addresses }, options),
      code: "SUBNET_EXHAUSTED",
    },
    {
      asked: "an interface's prefixes",
      call: () => client.assignPrivateIpAddresses({ networkInterfaceId, ipv4PrefixCount: 1 }, options),
      code: "SUBNET_FRAGMENTED",
    },
    {
      asked: "an interface's IPv6 prefixes",
      call: () => client.assignIpv6Addresses({ networkInterfaceId, ipv6PrefixCount: 1 }, options),
      code: "SUBNET_FRAGMENTED",
    },
    {
      asked: "a new interface alone",
      call: () => client.createNetworkInterface(creation, options),
      code: "SUBNET_EXHAUSTED",
    },
    {
      asked: "a new interface with prefixes",
      call: () => client.createNetworkInterface({ ...creation, ipv4PrefixCount: 1, ipv6PrefixCount: 1 }, options),
      code: "SUBNET_FRAGMENTED",
    },
    {
      asked: "a new interface with addresses and IPv6 prefixes",
      call: () => client.createNetworkInterface({ ...creation, ...addresses, ipv6PrefixCount: 1 }, options),
      code: "SUBNET_EXHAUSTED",
    },
  ];

  test.each(rows)("for $asked is $code, however EC2 says it", async ({ call, code }) => {
    for (const thrown of refused) {
      sdk.onAnyCommand().rejects(thrown);
      expect((await rejectionOf(call())).code).toBe(code);
    }
  });
});

describe("failures without a word of EC2", () => {
  const socketError = (code: string, more: object = {}) => Object.assign(new Error(code), { code, ...more });
  const named = (name: string, more: object = {}) => Object.assign(new Error(name), { name, ...more });
  const answered = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });
  const rows: readonly { name: string; thrown: Error; read: ErrorCode; change: ErrorCode }[] = [
    {
      name: "refused connection",
      thrown: socketError("ECONNREFUSED", { syscall: "connect" }),
      read: "CLOUD_UNREACHABLE",
      change: "CLOUD_UNREACHABLE",
    },
    {
      name: "connection that times out in the kernel",
      thrown: socketError("ETIMEDOUT", { syscall: "connect", name: "TimeoutError" }),
      read: "CLOUD_UNREACHABLE",
      change: "CLOUD_UNREACHABLE",
    },
    {
      name: "connection that times out in the SDK",
      thrown: named("TimeoutError"),
      read: "CLOUD_UNREACHABLE",
      change: "CLOUD_UNREACHABLE",
    },
    {
      name: "unknown host name",
      thrown: socketError("ENOTFOUND", { syscall: "getaddrinfo" }),
      read: "CLOUD_UNREACHABLE",
      change: "CLOUD_UNREACHABLE",
    },
    {
      name: "name server out of order",
      thrown: socketError("EAI_AGAIN", { syscall: "getaddrinfo" }),
      read: "CLOUD_UNREACHABLE",
      change: "CLOUD_UNREACHABLE",
    },
    {
      name: "reset connection",
      thrown: socketError("ECONNRESET", { name: "TimeoutError" }),
      read: "CLOUD_UNREACHABLE",
      change: "CLOUD_OUTCOME_UNKNOWN",
    },
    {
      name: "broken pipe",
      thrown: socketError("EPIPE", { syscall: "write" }),
      read: "CLOUD_UNREACHABLE",
      change: "CLOUD_OUTCOME_UNKNOWN",
    },
    {
      name: "answer that does not come in time",
      thrown: socketError("ETIMEDOUT", { name: "TimeoutError" }),
      read: "CLOUD_UNREACHABLE",
      change: "CLOUD_OUTCOME_UNKNOWN",
    },
    {
      name: "answer that is no XML",
      thrown: named("Error", answered(200)),
      read: "CLOUD_UNREACHABLE",
      change: "CLOUD_OUTCOME_UNKNOWN",
    },
    {
      name: "page of a proxy",
      thrown: named("Unknown", answered(502)),
      read: "CLOUD_UNREACHABLE",
      change: "CLOUD_OUTCOME_UNKNOWN",
    },
    {
      name: "page of an overloaded front",
      thrown: named("Unknown", answered(503)),
      read: "CLOUD_THROTTLED",
      change: "CLOUD_OUTCOME_UNKNOWN",
    },
    {
      name: "want of credentials",
      thrown: named("CredentialsProviderError"),
      read: "CLOUD_CREDENTIALS",
      change: "CLOUD_CREDENTIALS",
    },
    { name: "abort", thrown: named("AbortError"), read: "CANCELLED", change: "CLOUD_OUTCOME_UNKNOWN" },
    {
      name: "error of our own",
      thrown: new PodwireError("CLOUD_UNREACHABLE", "no region"),
      read: "CLOUD_UNREACHABLE",
      change: "CLOUD_UNREACHABLE",
    },
  ];

  test.each(rows)("$name: a read is $read, a change $change", async ({ thrown, read, change }) => {
    const errors = await codesOf(thrown);
    expect([errors.read.code, errors.change.code]).toEqual([read, change]);
  });
});

test("details carry EC2's code, text and request id, and the message names the object", async () => {
  const { change } = await codesOf(serviceError("PrivateIpAddressLimitExceeded"));
  expect(change.op).toBe("assign addresses to eni-1");
  expect(change.message).toBe("cannot assign addresses to eni-1: EC2 answered PrivateIpAddressLimitExceeded");
  expect(change.details).toBe(
    "ec2:AssignPrivateIpAddresses: PrivateIpAddressLimitExceeded: EC2's own text (HTTP 400, request req-1)",
  );
});

test("a missing permission names the action", async () => {
  const { change } = await codesOf(serviceError("UnauthorizedOperation", 403));
  expect(change.message).toContain("the node's credentials do not allow ec2:AssignPrivateIpAddresses");
});

test.each([
  ["7", 7000],
  ["0", 0],
  ["Fri, 20 Nov 2026 10:00:00 GMT", undefined],
  ["99999999999", undefined],
])("Retry-After %s is %s ms", async (header, retryAfterMs) => {
  const $response = { headers: { "retry-after": header } };
  const { read } = await codesOf(Object.assign(serviceError("RequestLimitExceeded", 503), { $response }));
  expect(read.retryAfterMs).toBe(retryAfterMs);
});
