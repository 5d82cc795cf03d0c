import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createNetns, deleteNetns } from "../namespace/named-netns.ts";
import { convergeTable } from "./converge-table.ts";
import { createNft, findNft } from "./nft-command.ts";
import { renderRuleset } from "./ruleset.ts";

const path = "/run/netns/nft-test";
const nft = createNft(path);

beforeEach(() => createNetns(path));
afterEach(() => deleteNetns(path));

test("a script is carried out in the namespace, and nowhere else", async () => {
  await nft.run("table inet one { }\n");
  expect(await nft.read(["list", "tables"])).toBe("table inet one\n");
  expect(await createNft().read(["list", "tables"])).not.toContain("table inet one\n");
});

test("a script with a fault changes nothing; the error carries nft's own words", async () => {
  await expect(nft.run("table inet one { }\nadd rule inet absent c drop\n")).rejects.toMatchObject({
    code: "KERNEL_REFUSED",
    op: "nft -f /dev/stdin",
    details: expect.stringContaining("No such file or directory"),
  });
  expect(await nft.read(["list", "tables"])).toBe("");
});

test("no file is left behind, whether it went well or not", async () => {
  const before = ownTemporaries();
  await nft.run("table inet one { }\n");
  await nft.run("nonsense\n").catch(() => {});
  expect(ownTemporaries()).toEqual(before);
});

test("the kernel takes podwire's table, empty as it may be, and finds it unchanged", async () => {
  const egress = { nat: "node", excludedCidrs: [], podMetadataAccess: false } as const;
  const script = renderRuleset({ markMask: 0x7f, interfaces: [], vpcCidrs: [], egress });
  expect(await convergeTable(nft, script)).toBe(true);
  expect(await convergeTable(nft, script)).toBe(false);
  await nft.run("add rule inet podwire marks counter accept\n");
  expect(await convergeTable(nft, script)).toBe(true);
  expect(await nft.read(["list", "table", "inet", "podwire"])).not.toContain("counter packets 0 bytes 0 accept");
});

test("a namespace that is gone is the reason of the failure", async () => {
  await expect(createNft("/run/netns/absent").read(["list", "tables"])).rejects.toMatchObject({
    code: "KERNEL_REFUSED",
    details: expect.stringContaining("/run/netns/absent"),
  });
});

test("nft is found outside an ordinary PATH too", () => {
  expect(findNft("/nowhere")).toBe(findNft("/nowhere:relative"));
});

function ownTemporaries(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("podwire-nft-"));
}
