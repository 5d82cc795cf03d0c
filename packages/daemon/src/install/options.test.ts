import { expect, test } from "vitest";
import { parseInstallOptions } from "./options.ts";

test("without words everything is where container runtimes look for it", () => {
  expect(parseInstallOptions([])).toEqual({
    binDirectory: "/opt/cni/bin",
    conflist: "/etc/cni/net.d/10-podwire.conflist",
    network: "podwire",
    waitMs: 120_000,
  });
});

test("every option is taken", () => {
  const words = ["--bin-dir=/b", "--conflist", "/n/5.conflist", "--network=pods", "--client=c", "--wait=0"];
  expect(parseInstallOptions(words)).toEqual({
    binDirectory: "/b",
    conflist: "/n/5.conflist",
    network: "pods",
    client: "c",
    waitMs: 0,
  });
});

test("help is asked for, also beside what is wrong", () => {
  expect(parseInstallOptions(["--help", "--wait=x"])).toBe("help");
});

test.each([
  { words: ["--bin-dir=opt"], problem: "--bin-dir" },
  { words: ["--conflist=x.conflist"], problem: "--conflist" },
  { words: ["--conflist=/etc/cni/net.d/10-podwire.conf"], problem: "--conflist" },
  { words: ["--conflist=/etc/cni/net.d/.conflist"], problem: "--conflist" },
  { words: ["--network=a/b"], problem: "--network" },
  { words: ["--wait=-1"], problem: "--wait" },
  { words: ["--wait=1.5"], problem: "--wait" },
  { words: ["--weight=1"], problem: "--weight" },
  { words: ["now"], problem: "now" },
])("$words is refused by name", ({ words, problem }) => {
  expect(parseInstallOptions(words)).toEqual({ problem: expect.stringContaining(problem) });
});
