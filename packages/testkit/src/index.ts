export { createMemoryStore, type MemoryStore } from "./store/memory-store.ts";
export { comparableState, emptyState, putsOf, sampleState } from "./store/sample-state.ts";
export { type StoreContract, type StorePlace, storeContract } from "./store/store-contract.ts";
