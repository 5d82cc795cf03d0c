/** `free` addresses have no record unless they were used before. */
export type AddressState = "free" | "allocated" | "cooling" | "excluded";

/** `gone` blocks have no record. */
export type BlockState = "assigning" | "ready" | "releasing" | "lost" | "gone";

/** Where an address may go, and what takes it there. */
export const addressTransitions: Readonly<Record<AddressState, Partial<Record<AddressState, string>>>> = {
  free: { allocated: "ADD", excluded: "the host configured it" },
  allocated: { cooling: "DEL, or an ADD that failed" },
  cooling: { free: "the cool-down is over", excluded: "the host configured it" },
  excluded: { free: "the host has it no longer" },
};

/** Where a block may go, and what takes it there. */
export const blockTransitions: Readonly<Record<BlockState, Partial<Record<BlockState, string>>>> = {
  assigning: { ready: "the cloud answered, or a describe shows it", gone: "a describe after the call shows it absent" },
  ready: {
    releasing: "excess outlasted the hold",
    lost: "the cloud took it while pods live",
    gone: "the cloud took it",
  },
  releasing: { gone: "the cloud took it back", ready: "the release failed, or the block is wanted again" },
  lost: { ready: "the cloud shows it again", gone: "its last pod is gone and its addresses have cooled down" },
  gone: { assigning: "asked for by address", ready: "a describe shows it" },
};
