import assert from "node:assert/strict";
import { isPodwireError, type StateChange, type StateStore, type StoredState } from "@podwire/core";
import { absentDeletes, deleteAll, deleteCases, putCases } from "./record-cases.ts";
import { refusalCases } from "./refusal-cases.ts";
import { coolingAddress } from "./sample-records.ts";
import { comparableState, emptyState, putsOf, sampleState } from "./sample-state.ts";

/** One place where a store keeps its state, for one test. */
export interface StorePlace {
  open(): StateStore;
  /** Ends the open store as the death of its process would: without `close`. */
  crash(): void;
  /** After the test, whatever became of it. */
  dispose(): void;
}

export interface StoreContract {
  /** The runner's `test`. */
  readonly test: (name: string, run: () => void) => void;
  readonly createPlace: () => StorePlace;
}

/** Every statement of the StateStore port, as tests of any implementation. */
export function storeContract(contract: StoreContract): void {
  const test: PlaceTest = (name, run) =>
    contract.test(name, () => {
      const place = contract.createPlace();
      try {
        run(place);
      } finally {
        place.dispose();
      }
    });
  testRecords(test);
  testCommits(test);
  testRefusals(test);
  testLifetime(test);
}

type PlaceTest = (name: string, run: (place: StorePlace) => void) => void;

function testRecords(test: PlaceTest): void {
  test("a fresh store is empty", (place) => assertState(place.open(), emptyState));
  for (const { name, change, expected } of putCases) {
    test(`a put replaces the whole of ${name} that has the same key`, (place) => {
      const store = openFilled(place);
      store.commit([change]);
      assertState(store, expected);
    });
  }
  for (const { name, change, expected } of deleteCases) {
    test(`a delete removes ${name} and nothing else`, (place) => {
      const store = openFilled(place);
      store.commit([change]);
      assertState(store, expected);
    });
  }
  test("a delete of what is absent is no error", (place) => {
    const store = place.open();
    store.commit(absentDeletes);
    assertState(store, emptyState);
  });
  test("what was loaded is the caller's own", (place) => {
    const store = openFilled(place);
    const [loaded] = store.load().attachments;
    (loaded?.spec.addresses as unknown[]).length = 0;
    assertState(store, sampleState);
  });
}

function testCommits(test: PlaceTest): void {
  const { address } = coolingAddress;
  const put: StateChange = { put: "address", record: coolingAddress };
  test("the changes of a commit happen in order", (place) => {
    const store = openFilled(place);
    store.commit([{ delete: "address", address }, put]);
    assertState(store, sampleState);
    store.commit([put, { delete: "address", address }]);
    assertState(store, { ...sampleState, addresses: sampleState.addresses.slice(0, 1) });
  });
  test("only the state after the last change counts: a child may come before its parent", (place) => {
    const store = place.open();
    store.commit(putsOf(sampleState).reverse());
    assertState(store, sampleState);
  });
  test("only the state after the last change counts: a parent may go before its child", (place) => {
    const store = openFilled(place);
    store.commit(deleteAll);
    assertState(store, { ...sampleState, interfaces: [], blocks: [], addresses: [], attachments: [] });
  });
  test("a commit of no change changes nothing", (place) => {
    const store = openFilled(place);
    store.commit([]);
    assertState(store, sampleState);
  });
  test("a meta value may have 1 MiB", (place) => {
    const store = place.open();
    const value = `"${"x".repeat(1024 * 1024 - 2)}"`;
    store.commit([{ put: "meta", key: "network", value }]);
    assertState(store, { ...emptyState, meta: new Map([["network", value]]) });
  });
}

function testRefusals(test: PlaceTest): void {
  for (const { name, changes } of refusalCases) {
    test(`refuses ${name}, and then nothing of the commit has happened`, (place) => {
      const store = openFilled(place);
      assertFails(() => store.commit([{ delete: "address", address: coolingAddress.address }, ...changes]));
      assertFails(() => store.commit([...changes, { delete: "address", address: coolingAddress.address }]));
      assertState(store, sampleState);
    });
  }
  test("works on after a refusal", (place) => {
    const store = place.open();
    for (const { changes } of refusalCases.slice(0, 2)) assertFails(() => store.commit(changes));
    store.commit(putsOf(sampleState));
    assertState(store, sampleState);
  });
}

function testLifetime(test: PlaceTest): void {
  test("what was committed survives close", (place) => {
    openFilled(place).close();
    assertState(place.open(), sampleState);
  });
  test("what was committed survives the death of the process", (place) => {
    openFilled(place);
    place.crash();
    assertState(place.open(), sampleState);
  });
  test("a closed store only fails, and closes twice", (place) => {
    const store = openFilled(place);
    store.close();
    store.close();
    assertFails(() => store.load());
    assertFails(() => store.commit([]));
  });
}

function openFilled(place: StorePlace): StateStore {
  const store = place.open();
  store.commit(putsOf(sampleState));
  return store;
}

function assertState(store: StateStore, expected: StoredState): void {
  assert.deepEqual(comparableState(store.load()), comparableState(expected));
}

function assertFails(act: () => void): void {
  assert.throws(act, (error) => isPodwireError(error, "STORE_FAILED"));
}
