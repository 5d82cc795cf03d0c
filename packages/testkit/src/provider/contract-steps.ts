import assert from "node:assert/strict";
import {
  type BlockChange,
  type BlockKind,
  type BlockOutcome,
  type Cidr,
  type CloudInterface,
  type ErrorCode,
  neverCancelled,
  PodwireError,
} from "@podwire/core";
import type { ProviderPlace } from "./provider-contract.ts";

/** A place with its primary interface, as most cases use it. */
export interface PrimarySteps {
  readonly id: string;
  add(count: number): Promise<BlockOutcome>;
  remove(cidrs: readonly Cidr[]): Promise<BlockOutcome>;
  replace(cidrs: readonly Cidr[], count: number): Promise<BlockOutcome>;
  /** Blocks by the cloud's own books, sorted. */
  held(): readonly Cidr[];
  /** Blocks as `describe` tells, sorted. */
  described(): Promise<readonly Cidr[]>;
}

export const never = { signal: neverCancelled };

export async function stepsOn(place: ProviderPlace): Promise<PrimarySteps> {
  const { id } = await describePrimary(place);
  const kind = kindOf(place);
  const change = (what: Pick<BlockChange, "add" | "remove">) =>
    place.provider.changeBlocks({ token: newToken(), node: place.node, interfaceId: id, ...what }, never);
  return {
    id,
    add: (count) => change({ add: { kind, count } }),
    remove: (cidrs) => change({ remove: cidrs }),
    replace: (cidrs, count) => change({ remove: cidrs, add: { kind, count } }),
    held: () => sorted(place.blocksOf(id)),
    described: async () => sorted((await describePrimary(place)).blocks),
  };
}

export async function describePrimary(place: ProviderPlace): Promise<CloudInterface> {
  const { interfaces } = await place.provider.describe(place.node, never);
  const primaries = interfaces.filter((own) => own.role === "primary");
  assert.equal(primaries.length, 1, "a node has one primary interface");
  return primaries[0] as CloudInterface;
}

/** Every kind of block that the node can hold. */
export async function kindsOf({ provider, node }: ProviderPlace): Promise<readonly BlockKind[]> {
  return (await provider.limits(node, never)).blockKinds ?? provider.capabilities.blockKinds;
}

/** The kind of block the contract mostly works with: the provider's first. */
export function kindOf(place: ProviderPlace): BlockKind {
  const [kind] = place.provider.capabilities.blockKinds;
  assert.ok(kind, "a provider supports at least one kind of block");
  return kind;
}

/** The error a call rejects with; it must be a PodwireError of one of the codes. */
export async function rejection(call: Promise<unknown>, ...codes: readonly ErrorCode[]): Promise<PodwireError> {
  const thrown: unknown = await call.then(
    (value) => assert.fail(`resolved with ${JSON.stringify(value)} where ${codes.join(" or ")} was due`),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof PodwireError, `rejected with something else than a PodwireError: ${thrown}`);
  assert.ok(codes.includes(thrown.code), `rejected with ${thrown.code} (${thrown.message}), not ${codes.join(" or ")}`);
  return thrown;
}

export function sorted(cidrs: readonly Cidr[]): readonly Cidr[] {
  return [...cidrs].sort();
}

let tokens = 0;

export function newToken(): string {
  tokens += 1;
  return tokens.toString(16).padStart(32, "0");
}
