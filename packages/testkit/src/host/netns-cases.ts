import assert from "node:assert/strict";
import { isPodwireError } from "@podwire/core";
import type { PlaceTest } from "./host-place.ts";

export function testNamespaces(test: PlaceTest): void {
  test("a namespace has the same cookie each time, and another one has another", async (place) => {
    const [first, second] = [await place.addNamespace(), await place.addNamespace()];
    const ref = await place.host.openNetns(first);
    assert.equal(ref.path, first);
    assert.match(ref.cookie, /^\d+$/);
    assert.deepEqual(await place.host.openNetns(first), ref);
    assert.notEqual((await place.host.openNetns(second)).cookie, ref.cookie);
  });
  test("a new namespace at a path used before has another cookie", async (place) => {
    const path = await place.addNamespace();
    const { cookie } = await place.host.openNetns(path);
    await place.removeNamespace(path);
    await assert.rejects(place.host.openNetns(path), (error) => isPodwireError(error, "INVALID_NETNS"));
    const again = await place.addNamespace(path);
    assert.equal(again, path);
    assert.notEqual((await place.host.openNetns(again)).cookie, cookie);
  });
  test("what is no pod namespace is refused, with field and value, and nothing changes", async (place) => {
    const before = await place.snapshot();
    assert.ok(place.badPaths.length > 0);
    for (const { what, path } of place.badPaths) {
      await assert.rejects(
        place.host.openNetns(path),
        (error) =>
          isPodwireError(error, "INVALID_NETNS") && error.field === "CNI_NETNS" && error.value === JSON.stringify(path),
        what,
      );
    }
    assert.equal(await place.snapshot(), before);
  });
}
