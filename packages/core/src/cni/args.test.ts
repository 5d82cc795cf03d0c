import { expect, test } from "vitest";
import { parseArgs } from "./args.ts";

const containerd =
  "K8S_POD_INFRA_CONTAINER_ID=ab12;K8S_POD_UID=u-1;IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0";

test.each([
  ["nothing, as from ctr", "", {}],
  ["what containerd sends", containerd, { namespace: "default", name: "web-0", uid: "u-1" }],
  ["what podman sends, without a namespace", "IgnoreUnknown=1;K8S_POD_NAME=happy_cat", { name: "happy_cat" }],
  ["unknown keys with IgnoreUnknown", "FOO=bar;IgnoreUnknown=true", {}],
  ["IgnoreUnknown spelled as in Go", "FOO=bar;IgnoreUnknown=True", {}],
  ["known keys without IgnoreUnknown", "K8S_POD_NAME=a", { name: "a" }],
  ["empty values", "K8S_POD_NAME=;K8S_POD_NAMESPACE=;IP=;MAC=", {}],
  ["a key twice: the last one", "K8S_POD_NAME=a;K8S_POD_NAME=b", { name: "b" }],
  ["keys that mean something to JavaScript", "__proto__=a;constructor=b;IgnoreUnknown=1", {}],
])("%s is understood", (_, text, pod) => {
  expect(parseArgs(text)).toEqual(pod);
});

const tooLong = `A=${"x".repeat(16_384)}`;

test.each([
  ["K8S_POD_NAME", '"K8S_POD_NAME" is not a pair KEY=VALUE'],
  ["A=B=C;IgnoreUnknown=1", '"A=B=C" is not a pair KEY=VALUE'],
  ["IgnoreUnknown=1;", '"" is not a pair KEY=VALUE'],
  ["=x;IgnoreUnknown=1", '"=x" is not a pair KEY=VALUE'],
  [";", '"" is not a pair KEY=VALUE'],
  ["IgnoreUnknown=maybe", '"IgnoreUnknown=maybe" is neither true nor false'],
  ["FOO=1;K8S_POD_NAME=a;BAR=2", '"FOO, BAR" is unknown, and IgnoreUnknown is not set'],
  ["FOO=1;IgnoreUnknown=0", '"FOO" is unknown, and IgnoreUnknown is not set'],
  [tooLong, "is longer than 16384 bytes"],
])("the arguments %# are refused", (text, problem) => {
  expect(() => parseArgs(text)).toThrow(
    expect.objectContaining({
      code: "INVALID_ENVIRONMENT",
      field: "CNI_ARGS",
      message: expect.stringContaining(problem),
    }),
  );
});

test.each([
  ["IP=10.0.0.5;IgnoreUnknown=1", 'CNI_ARGS IP with value "10.0.0.5" is not supported'],
  ["IgnoreUnknown=1;MAC=02:00:00:00:00:01", 'CNI_ARGS MAC with value "02:00:00:00:00:01" is not supported'],
])("%s is refused rather than another address given", (text, message) => {
  expect(() => parseArgs(text)).toThrow(expect.objectContaining({ code: "UNSUPPORTED_FIELD", cniCode: 2, message }));
});
