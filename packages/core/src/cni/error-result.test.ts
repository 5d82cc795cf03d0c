import { expect, test } from "vitest";
import { PodwireError } from "../errors/podwire-error.ts";
import { errorResult, formatErrorResult } from "./error-result.ts";

test("the error object carries number, message, symbolic code, details and remedy", () => {
  const error = new PodwireError("SUBNET_EXHAUSTED", "subnet-1 has no free address", { details: "asked for 3" });
  expect(errorResult(error, "0.4.0")).toEqual({
    cniVersion: "0.4.0",
    code: 112,
    msg: "subnet-1 has no free address",
    details: "SUBNET_EXHAUSTED; asked for 3; remedy: free addresses in the subnet, or add a subnet",
  });
});

test("without details there is still code and remedy", () => {
  expect(errorResult(new PodwireError("CANCELLED", "the caller went away"), "1.1.0").details).toBe(
    "CANCELLED; remedy: the runtime retries",
  );
});

test("as text it is one line of JSON with its keys in the specification's order", () => {
  const text = formatErrorResult(new PodwireError("IO_FAILURE", 'bad "quotes"\n'), "1.1.0");
  expect(text).not.toContain("\n");
  expect(Object.keys(JSON.parse(text))).toEqual(["cniVersion", "code", "msg", "details"]);
  expect(JSON.parse(text).msg).toBe('bad "quotes"\n');
});

test("the message names the field also where the error's own text does not", () => {
  const facts = { field: "CNI_NETNS", value: '"/x"' };
  expect(errorResult(new PodwireError("INVALID_NETNS", 'namespace "/x" is gone', facts), "1.1.0").msg).toBe(
    'CNI_NETNS: namespace "/x" is gone',
  );
  expect(errorResult(new PodwireError("INVALID_NETNS", 'CNI_NETNS "/x" is gone', facts), "1.1.0").msg).toBe(
    'CNI_NETNS "/x" is gone',
  );
});
