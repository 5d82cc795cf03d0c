import fc from "fast-check";
import { expect, test } from "vitest";
import { ifNameProblem, isCniName } from "./names.ts";

test.each(["a", "0", "cbr0", "k8s-pod_network.1", "A".repeat(300)])("%s is a CNI name", (text) => {
  expect(isCniName(text)).toBe(true);
});

test.each(["", "-a", ".a", "_a", "..", "../a", "a/b", "a b", "a\n", "ä", "a\0", "\ufffd", "a:b"])(
  "%j is no CNI name",
  (text) => {
    expect(isCniName(text)).toBe(false);
  },
);

test("a CNI name leads nowhere as a file name", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."a0._-/ \0\n"), maxLength: 8 }), (text) => {
      if (isCniName(text)) expect(text).toMatch(/^(?!\.)[^/\0]+$/);
    }),
  );
});

test.each(["eth0", "net1", "a", "x".repeat(15), "eth0.100", "_", "-", "veth@x"])(
  "%s can be an interface's name",
  (text) => {
    expect(ifNameProblem(text)).toBeUndefined();
  },
);

test.each([
  ["x".repeat(16), "is longer than 15 bytes"],
  [".", "is a reserved name"],
  ["..", "is a reserved name"],
  ["all", "is a reserved name"],
  ["default", "is a reserved name"],
  ["a/b", "holds a slash, a colon or a percent sign"],
  ["eth0:1", "holds a slash, a colon or a percent sign"],
  ["eth%d", "holds a slash, a colon or a percent sign"],
  ["a b", "holds something else than printable ASCII characters"],
  ["a\t", "holds something else than printable ASCII characters"],
  ["a\n", "holds something else than printable ASCII characters"],
  ["a\u00a0", "holds something else than printable ASCII characters"],
  ["è", "holds something else than printable ASCII characters"],
  ["", "holds something else than printable ASCII characters"],
])("%j cannot be an interface's name: %s", (text, problem) => {
  expect(ifNameProblem(text)).toBe(problem);
});
