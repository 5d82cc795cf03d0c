import { expect, test } from "vitest";
import { describeIssue, formatPath, valueAt } from "./schema-issue.ts";

test.each([
  [[], ""],
  [["pools", "default", "warm"], "pools.default.warm"],
  [["egress", "excludedCidrs", 0], "egress.excludedCidrs[0]"],
  [["pools", "b ad"], 'pools["b ad"]'],
  [["networks", "gpu-net"], "networks.gpu-net"],
  [["a", "\u001b[2J"], 'a["\\u001b[2J"]'],
])("the path %j reads %s", (path, text) => {
  expect(formatPath(path)).toBe(text);
});

test.each([
  [["a", 1], 2],
  [["a", 2], undefined],
  [["b"], undefined],
  [["a", "length", "x"], undefined],
  [["toString"], undefined],
  [["__proto__"], undefined],
])("at %j stands %j", (path, value) => {
  expect(valueAt({ a: [1, 2] }, path)).toBe(value);
});

test.each([
  ["Invalid input: expected number, received string", { a: "x" }, 'a "x": expected number, received string'],
  ["Too big: expected number to be <=5", { a: 6 }, "a 6: expected number to be <=5"],
  ["Invalid input: expected number", {}, "a is missing: expected number"],
  ["expected a name: any", { a: 1 }, "a 1: expected a name: any"],
])("%s, of %j, reads %s", (message, input, text) => {
  expect(describeIssue({ code: "", path: ["a"], message }, input, "the file").text).toBe(text);
});

test("a problem of the whole input is told of the input's name", () => {
  expect(describeIssue({ code: "", path: [], message: "Invalid input: expected object" }, 5, "the file")).toEqual({
    field: "the file",
    value: "5",
    text: "the file 5: expected object",
  });
});
