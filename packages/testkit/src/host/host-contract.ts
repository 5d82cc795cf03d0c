import { neverCancelled } from "@podwire/core";
import { testAttach } from "./attach-cases.ts";
import { testDetach } from "./detach-cases.ts";
import { testEvents } from "./event-cases.ts";
import type { HostContract, HostPlace, PlaceTest } from "./host-place.ts";
import { testDamages, testInspect } from "./inspect-cases.ts";
import { testNamespaces } from "./netns-cases.ts";
import { testNode } from "./node-cases.ts";
import { sampleNetwork } from "./sample-network.ts";

/**
 * Every statement of the HostNetwork port, as tests of any implementation. What it can do is read from its
 * capabilities; what it cannot do it must refuse.
 */
export function hostContract(contract: HostContract): void {
  const onFreshNode = placeTest(contract, async () => {});
  const onReadyNode = placeTest(contract, async (place) => {
    await place.host.converge(sampleNetwork(place), neverCancelled);
  });
  testNamespaces(onFreshNode);
  testAttach(onReadyNode);
  testDetach(onReadyNode);
  testInspect(onReadyNode);
  testDamages(onReadyNode, contract.damages);
  testNode(onFreshNode);
  testEvents(onReadyNode);
}

function placeTest({ test, createPlace }: HostContract, prepare: (place: HostPlace) => Promise<void>): PlaceTest {
  return (name, run) =>
    test(name, async () => {
      const place = await createPlace();
      try {
        await prepare(place);
        await run(place);
      } finally {
        await place.dispose();
      }
    });
}
