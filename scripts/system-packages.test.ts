import { describe, expect, test } from "vitest";
import { describeMissing, planInstallation, type SystemPackage, systemPackages } from "./system-packages.ts";

const packages: readonly SystemPackage[] = [
  { command: "nft", debianPackage: "nftables", why: "rules" },
  { command: "mount", debianPackage: "mount", why: "a /run of its own" },
];

function facts(commands: readonly string[], isRoot = true) {
  return { hasCommand: (command: string) => commands.includes(command), isRoot };
}

describe("the plan for missing system packages", () => {
  test.each([
    { name: "all there, even without apt-get: nothing to do", facts: facts(["nft", "mount"], false), kind: "complete" },
    { name: "root on Debian: install", facts: facts(["mount", "apt-get"]), kind: "install" },
    { name: "a plain user: refuse", facts: facts(["mount", "apt-get"], false), kind: "refuse" },
    { name: "root without apt-get: refuse", facts: facts(["mount"]), kind: "refuse" },
  ])("$name", ({ facts, kind }) => {
    expect(planInstallation(packages, facts).kind).toBe(kind);
  });

  test("names only what is missing, with the reason it cannot be installed", () => {
    const plan = planInstallation(packages, facts(["mount", "apt-get"], false));
    expect(plan).toEqual({ kind: "refuse", missing: [packages[0]], reason: "only root may install packages" });
  });

  test("the message names command, package and purpose", () => {
    expect(describeMissing(packages)).toBe(
      "  nft (Debian package nftables): rules\n  mount (Debian package mount): a /run of its own",
    );
  });

  test("every command is listed once", () => {
    const commands = systemPackages.map(({ command }) => command);
    expect(new Set(commands).size).toBe(commands.length);
  });
});
