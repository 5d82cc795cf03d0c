import { describe, expect, it } from "vitest";
import { errorCodes } from "./codes.ts";
import { errorReference } from "./reference.ts";

/** CNI specification 1.1.0 section 5, and 8 and 999 of its reference library; from 100 on a plugin's own. */
const specified = [1, 2, 3, 4, 5, 6, 7, 8, 11, 50, 51, 999];

describe.each(Object.entries(errorCodes))("%s", (code, { cni, cause, remedy }) => {
  it("has a number that the CNI specification allows", () => {
    expect(specified.includes(cni) || cni >= 100).toBe(true);
  });

  it("is documented with cause and remedy, as parts of sentences", () => {
    for (const text of [cause, remedy]) expect(text).toMatch(/^[^A-Z\s].*[^.\s]$|^CNI_.*[^.\s]$/);
    expect(errorReference().split(`\n## ${code}\n`)).toHaveLength(2);
  });
});

it("never tells a runtime that it need not clean up", () => {
  // Code 3 lets the runtime skip DEL: an address would leak.
  expect(Object.values(errorCodes).map(({ cni }) => cni)).not.toContain(3);
});

it("answers `try again later` only where trying again can help", () => {
  const transient = Object.values(errorCodes).filter(({ cni }) => cni === 11);
  expect(transient.map(({ retry }) => retry)).not.toContain("never");
});
