import { describe, expect, test } from "vitest";
import { createMemoryStore } from "./memory-store.ts";
import { sampleInterface } from "./sample-records.ts";
import { putsOf, sampleState } from "./sample-state.ts";
import { storeContract } from "./store-contract.ts";

describe("the memory store keeps the contract of StateStore", () => {
  storeContract({
    test,
    createPlace: () => {
      let store = createMemoryStore();
      return {
        open: () => {
          store = store.reopen();
          return store;
        },
        crash: () => store.crash(),
        dispose: () => store.close(),
      };
    },
  });
});

test("a crashed store throws, and the reopened one does not", () => {
  const store = createMemoryStore();
  store.crash();
  expect(() => store.load()).toThrow(expect.objectContaining({ code: "STORE_FAILED" }));
  expect(store.reopen().load().interfaces).toEqual([]);
});

test("the commits that are to fail fail and change nothing, the next one succeeds", () => {
  const store = createMemoryStore();
  store.failCommits(2);
  for (const attempt of [1, 2]) {
    expect(() => store.commit(putsOf(sampleState)), `attempt ${attempt}`).toThrow(
      expect.objectContaining({ code: "STORE_FAILED" }),
    );
  }
  expect(store.load().interfaces).toEqual([]);
  store.commit(putsOf(sampleState));
  expect(store.load().interfaces).toEqual([sampleInterface]);
});
