import type { FakeVpcNetwork } from "@podwire/aws-eni/testing";
import type { Probe, Probes } from "@podwire/testkit";
import type { CleanUp } from "./clean-up.ts";
import type { Journal } from "./journal.ts";
import type { Place } from "./matrix.ts";
import type { DemoNode } from "./node.ts";
import type { DemoOptions } from "./options.ts";

/** What every act of the demo plays on. */
export interface Stage {
  readonly options: DemoOptions;
  readonly journal: Journal;
  readonly cleanUp: CleanUp;
  readonly probes: Probes;
  /** For files; removed at the end. */
  readonly directory: string;
  /** Filled when podwired starts on them: their logs are shown when something failed. */
  readonly nodes: DemoNode[];
}

/** The fixed cast: who is there before the first pod. */
export interface Cast {
  readonly vpc: FakeVpcNetwork;
  /** Those with podwire. */
  readonly nodes: readonly [DemoNode, DemoNode];
  readonly others: OtherPlaces;
}

/** Places without podwire. */
export interface OtherPlaces {
  readonly peer: Place;
  readonly outside: Place;
  readonly metadata: Place;
}

/** The port every place answers on. */
export const echoPort = 7777;

/** A place whose probe can do more than the matrix asks for. */
export type ProbedPlace = Place & { readonly probe: Probe };

/** Starts a probe in a namespace and lets it answer on the address. */
export async function openPlace(stage: Stage, place: PlaceOptions): Promise<ProbedPlace> {
  const probe = await stage.probes.start(place.netnsPath);
  return listenAt(probe, place);
}

/** Lets a probe that stands already answer on the address. */
export async function listenAt(probe: Probe, { name, address, group }: PlaceOptions): Promise<ProbedPlace> {
  await probe.listen([address], echoPort);
  return { name, address, ...(group === undefined ? {} : { group }), reach: probe.reach, probe };
}

export interface PlaceOptions {
  readonly name: string;
  readonly address: string;
  /** Default: the namespace of this process, the VPC's router. */
  readonly netnsPath?: string;
  readonly group?: string;
}
