import { expect, test } from "vitest";
import {
  checkKernelNumbers,
  defaultKernelNumbers,
  interfaceMark,
  interfaceTable,
  maxOrdinal,
} from "./kernel-numbers.ts";

const ordinals = Array.from({ length: maxOrdinal }, (_, i) => i + 1);

test.each([0x7f, 0x7f00, 0xfe000000])(
  "with the mask %d every interface has a mark of its own inside it",
  (markMask) => {
    const numbers = checkKernelNumbers({ ...defaultKernelNumbers, markMask });
    const marks = ordinals.map((ordinal) => interfaceMark(numbers, ordinal));
    expect(new Set(marks).size).toBe(maxOrdinal);
    expect(marks.every((mark) => mark > 0 && (mark & ~markMask) === 0)).toBe(true);
  },
);

test("every interface has a table of its own, none of them the pods' or the kernel's", () => {
  const tables = ordinals.map((ordinal) => interfaceTable(defaultKernelNumbers, ordinal));
  expect(new Set(tables).size).toBe(maxOrdinal);
  expect(tables).not.toContain(defaultKernelNumbers.podTable);
  expect(Math.min(...tables)).toBeGreaterThan(255);
});

test.each([0, -1, 0x3f, 0xff, 0x7e, 0x101, 1.5, 0x7f00000000, Number.NaN])("the mask %d is refused", (markMask) => {
  expect(() => checkKernelNumbers({ ...defaultKernelNumbers, markMask })).toThrow(
    expect.objectContaining({ code: "INVALID_DAEMON_CONFIG", field: "markMask" }),
  );
});

test("our rules come after the kernel's local table and before its main one", () => {
  const { podRulePriority, markRulePriority, sourceRulePriority } = defaultKernelNumbers;
  const order = [0, 111, podRulePriority, markRulePriority, sourceRulePriority, 10_000, 32_766];
  expect(order).toEqual([...order].sort((a, b) => a - b));
});
