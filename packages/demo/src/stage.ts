import type { FakeVpcNetwork } from "@podwire/aws-eni/testing";
import type { PodwiredProcess } from "@podwire/daemon/testing";
import type { CniPlugin, Probe, Probes } from "@podwire/testkit";
import type { CleanUp } from "./clean-up.ts";
import type { Journal } from "./journal.ts";
import type { Place } from "./matrix.ts";
import type { DemoOptions } from "./options.ts";

/** What every act of the demo plays on. */
export interface Stage {
  readonly options: DemoOptions;
  readonly journal: Journal;
  readonly cleanUp: CleanUp;
  readonly probes: Probes;
  /** For files; removed at the end. */
  readonly directory: string;
  readonly runDirectory: string;
  /** Set once it has been started: its log is shown when something failed. */
  podwired?: PodwiredProcess;
}

/** The fixed cast: who is there before the first pod. */
export interface Cast {
  readonly vpc: FakeVpcNetwork;
  readonly podwired: PodwiredProcess;
  readonly plugin: CniPlugin;
  readonly places: Places;
}

export interface Places {
  readonly node: Place;
  readonly peer: Place;
  readonly outside: Place;
  readonly metadata: Place;
}

/** The port every place answers on. */
export const echoPort = 7777;

/** Starts a probe in a namespace and lets it answer on the address. */
export async function openPlace(stage: Stage, place: PlaceOptions): Promise<Place & { readonly probe: Probe }> {
  const probe = await stage.probes.start(place.netnsPath);
  await probe.listen([place.address], echoPort);
  return { name: place.name, address: place.address, reach: probe.reach, probe };
}

export interface PlaceOptions {
  readonly name: string;
  readonly address: string;
  /** Default: the namespace of this process, the VPC's router. */
  readonly netnsPath?: string;
}
