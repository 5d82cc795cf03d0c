import assert from "node:assert/strict";
import { createCancelSource, type HostEvent, neverCancelled } from "@podwire/core";
import type { PlaceTest } from "./host-place.ts";
import { sampleSpec } from "./sample-network.ts";

export function testEvents(test: PlaceTest): void {
  test("a link that comes and goes is told", async (place) => {
    const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
    const source = createCancelSource();
    const seen = collect(place.host.events(source.signal));
    const { hostIfName } = await place.host.attach(spec, neverCancelled);
    await seen.until((event) => isLink(event, hostIfName, "changed"));
    await place.host.detach(spec.key);
    await seen.until((event) => isLink(event, hostIfName, "deleted"));
    source.abort("the test is over");
    await seen.ended;
  });
  test("events end when the signal is aborted, also if it was from the start", async (place) => {
    const source = createCancelSource();
    const waiting = collect(place.host.events(source.signal));
    source.abort("the test is over");
    await waiting.ended;
    await collect(place.host.events(source.signal)).ended;
  });
  test("a reader that leaves can be followed by another", async (place) => {
    const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
    const source = createCancelSource();
    const first = place.host.events(source.signal)[Symbol.asyncIterator]();
    const waiting = first.next();
    await place.host.attach(spec, neverCancelled);
    assert.equal((await waiting).done, false);
    await first.return?.();
    const seen = collect(place.host.events(source.signal));
    await place.host.detach(spec.key);
    await seen.until((event) => event.kind === "link");
    source.abort("the test is over");
    await seen.ended;
  });
}

function isLink(event: HostEvent, ifName: string, change: "changed" | "deleted"): boolean {
  return event.kind === "link" && event.ifName === ifName && event.change === change;
}

/** Reads on in the background, from now on. */
function collect(events: AsyncIterable<HostEvent>) {
  const seen: HostEvent[] = [];
  let wake = () => {};
  const ended = (async () => {
    for await (const event of events) {
      seen.push(event);
      wake();
    }
  })();
  const until = async (matches: (event: HostEvent) => boolean) => {
    while (!seen.some(matches)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { ended, until };
}
