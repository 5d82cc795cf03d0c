import type { PodwiredProcess } from "@podwire/daemon/testing";
import { type CniContainer, type CniFailure, callPlugin } from "@podwire/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { nft } from "../netns/nft.ts";
import { expectAgreement } from "./node-audit.ts";
import { added, type NodeLab, openNodeLab } from "./node-lab.ts";

const warm = 2;
const pool = { warm, cooldownMs: 0 };
const recoveryTimeoutMs = 20_000;
/** The shortest that a client accepts; podwired answers a second before. */
const impatient = { PODWIRE_DEADLINE_MS: "2000" };

let lab: NodeLab;
let podwired: PodwiredProcess;
let closeLab = async () => {};

beforeAll(async () => {
  lab = await openNodeLab({ pool });
  podwired = lab.podwired;
  closeLab = lab.close;
}, 60_000);
afterAll(() => closeLab());

interface Outage {
  readonly name: string;
  readonly what: string;
  readonly begin: () => () => unknown;
  readonly code: number;
  readonly says: RegExp;
}

const outages: readonly Outage[] = [
  {
    name: "unreachable",
    what: "cannot be reached",
    begin: cutOff,
    code: 11,
    // The SDK keeps connections: of a call on one that breaks nobody knows whether it arrived.
    says: /EC2 could not be reached|no answer came/,
  },
  {
    name: "throttled",
    what: "throttles",
    begin: () => refusing(["*"], "RequestLimitExceeded"),
    code: 11,
    says: /RequestLimitExceeded/,
  },
  {
    name: "broken",
    what: "answers 500",
    begin: () => refusing(["*"], "InternalError"),
    code: 11,
    says: /InternalError/,
  },
  {
    name: "credentials",
    what: "takes the credentials for expired",
    begin: () => refusing(["*"], "RequestExpired"),
    code: 121,
    says: /RequestExpired/,
  },
  {
    name: "permission",
    what: "does not allow the node to assign addresses",
    begin: () => refusing(["AssignPrivateIpAddresses", "CreateNetworkInterface"], "UnauthorizedOperation"),
    code: 120,
    says: /ec2:/,
  },
];

test.each(outages)(
  "while EC2 $what, over the SDK: what the pool has is served, the rest is told why, and it recovers",
  async (row) => {
    await vi.waitFor(expectWarm, { timeout: recoveryTimeoutMs, interval: 100 });
    const available = (await podwired.report()).pools[0]?.available ?? 0;
    const served = Array.from({ length: available }, (_, pod) => lab.container(`${row.name}-${pod}`));
    const late = lab.container(`${row.name}-late`);
    const end = row.begin();
    try {
      for (const container of served) await added(lab.plugins.c, container);
      const refused = await callPlugin(lab.plugins.c, "ADD", { container: late, environment: impatient });
      expect(refused).toMatchObject({ exitCode: 1, answer: { code: row.code } });
      expect((refused.answer as CniFailure).msg).toMatch(row.says);
      const status = await callPlugin(lab.plugins.c, "STATUS", { environment: impatient });
      expect(status).toMatchObject({ exitCode: 1, answer: { code: 50, msg: expect.stringMatching(row.says) } });
      expect(await callPlugin(lab.plugins.c, "DEL", { container: served[0] as CniContainer })).toMatchObject({
        exitCode: 0,
      });
    } finally {
      end();
    }
    await added(lab.plugins.c, late);
    await vi.waitFor(expectWarm, { timeout: recoveryTimeoutMs, interval: 100 });
    for (const container of [...served.slice(1), late]) await callPlugin(lab.plugins.c, "DEL", { container });
    await expectAgreement(lab, podwired);
  },
);

test("restarted while neither EC2 nor the metadata service answers, podwired serves what its state holds", async () => {
  await vi.waitFor(expectWarm, { timeout: recoveryTimeoutMs, interval: 100 });
  const [before, after] = [lab.container("before"), lab.container("after")];
  const result = await added(lab.plugins.c, before);
  const reachable = cutOff();
  const answers = lab.vpc.aws.faults.add({ action: "Metadata", when: "always", effect: { kind: "fail", code: "503" } });
  await podwired.end("SIGKILL");
  podwired = await lab.start({ pool });
  expect(await added(lab.plugins.c, before)).toEqual(result);
  await added(lab.plugins.c, after);
  expect(await callPlugin(lab.plugins.c, "DEL", { container: before })).toMatchObject({ exitCode: 0 });
  expect((await podwired.report()).problems.map(({ message }) => message).join()).toContain("metadata");
  reachable();
  answers();
  await vi.waitFor(expectWarm, { timeout: recoveryTimeoutMs, interval: 100 });
  expect(await callPlugin(lab.plugins.c, "DEL", { container: after })).toMatchObject({ exitCode: 0 });
  await expectAgreement(lab, podwired);
});

async function expectWarm(): Promise<void> {
  const { ready, pools, problems, operations } = await podwired.report();
  expect({ ready, problems, operations }).toEqual({ ready: true, problems: [], operations: [] });
  expect(pools[0]?.available).toBeGreaterThanOrEqual(warm);
}

function refusing(actions: readonly string[], code: string): () => void {
  const ends = actions.map((action) =>
    lab.vpc.aws.faults.add({ action, when: "always", effect: { kind: "fail", code } }),
  );
  return () => {
    for (const end of ends) end();
  };
}

/** By the node's own kernel, as a security group would not: at once. */
function cutOff(): () => void {
  const address = new URL(lab.vpc.ec2Url).hostname;
  const chain = `chain c { type filter hook output priority 0; ip daddr ${address} meta l4proto tcp reject with tcp reset; }`;
  nft(lab.nodeNetnsPath, `table inet cut { ${chain}; }`);
  return () => void nft(lab.nodeNetnsPath, "delete", "table", "inet", "cut");
}
