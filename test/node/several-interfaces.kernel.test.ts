import type { CniResult } from "@podwire/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { added, type NodeLab, openNodeLab } from "./node-lab.ts";

let lab: NodeLab;
let closeLab = async () => {};

beforeAll(async () => {
  lab = await openNodeLab();
  closeLab = lab.close;
}, 60_000);
afterAll(() => closeLab());

test("pods that the primary interface has no room for: one interface is created, then filled", async () => {
  for (let pod = 1; pod <= 9; pod++) await add(`full-${pod}`);
  lab.vpc.aws.log.clear();
  const tenth = await add("tenth");
  expect(mutations()).toEqual(["CreateNetworkInterface", "AttachNetworkInterface", "ModifyNetworkInterfaceAttribute"]);
  const eleventh = await add("eleventh");
  expect(mutations().slice(3)).toEqual(["AssignPrivateIpAddresses"]);
  const { interfaces } = lab.vpc.aws.model.state();
  expect(interfaces).toHaveLength(2);
  expect(interfaces[1]).toMatchObject({
    attachment: { instanceId: "i-lab", deviceIndex: 1, deleteOnTermination: true },
    secondaryAddresses: [tenth, eleventh],
    tags: { "podwire/cluster": "default", "podwire/instance": "i-lab" },
  });
});

/** The address the pod got. */
async function add(name: string): Promise<string | undefined> {
  const result = (await added(lab.plugins.c, lab.container(name))) as CniResult;
  return result.ips?.[0]?.address.split("/")[0];
}

function mutations() {
  return lab.vpc.aws.log.calls.map(({ action }) => action).filter((action) => !action.startsWith("Describe"));
}
