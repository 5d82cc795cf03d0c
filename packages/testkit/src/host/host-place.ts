import type { AttachmentFacts, AttachmentSpec, HostNetwork, MacAddress } from "@podwire/core";

/** One node for one test: a host, pod namespaces, and ways to interfere with both. */
export interface HostPlace {
  readonly host: HostNetwork;
  /**
   * Network interfaces of the node before podwire does anything. The primary one is up, has the address 10.0.0.10 and
   * the default route; the secondary one was plugged in a moment ago.
   */
  readonly primaryMac: MacAddress;
  readonly secondaryMac: MacAddress;
  /** A fresh pod namespace; its path: the given one, which must be free, or a new one. */
  addNamespace(path?: string): Promise<string>;
  removeNamespace(path: string): Promise<void>;
  /** Somebody else's interface in the pod. */
  addForeignInterface(path: string, ifName: string): Promise<void>;
  /** Paths at which there is no pod namespace, by what there is instead. */
  readonly badPaths: readonly { readonly what: string; readonly path: string }[];
  /**
   * Everything in the host's namespace and the living pods', as text: equal texts, equal kernels. Without what the
   * kernel keeps for itself, such as counters and neighbours it learnt.
   */
  snapshot(): Promise<string>;
  /** After the test, whatever became of it. */
  dispose(): Promise<void>;
}

export interface Damaged {
  readonly place: HostPlace;
  readonly spec: AttachmentSpec;
  readonly facts: AttachmentFacts;
}

/** Something that somebody does to an attachment behind podwire's back. */
export interface Damage {
  readonly name: string;
  /** Where it happens: what is broken on the node `converge` mends; what is broken in a pod only the next ADD does. */
  readonly side: "node" | "pod";
  inflict(damaged: Damaged): Promise<void>;
}

export interface HostContract {
  /** The runner's `test`. */
  readonly test: (name: string, run: () => Promise<void>) => void;
  readonly createPlace: () => Promise<HostPlace>;
  readonly damages: readonly Damage[];
}

/** As the contract's own parts see it: the place is made before the test and disposed of after it. */
export type PlaceTest = (name: string, run: (place: HostPlace) => Promise<void>) => void;
