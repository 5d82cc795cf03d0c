import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNetns, deleteNetns } from "@podwire/linux";
import { startBenchNode } from "./bench-node.ts";
import { type Measurement, percentiles } from "./measurement.ts";
import { type Container, type Plugin, timeNothing, timePlugin } from "./plugin.ts";

const rounds = 200;
/** Not counted: the first of everything is slower. */
const warmUpRounds = 10;
const debianPtp = "/usr/lib/cni/ptp";

interface Samples {
  readonly addMs: number[];
  readonly delMs: number[];
}

/**
 * ADD and DEL one after another, each by a plugin process, beside Debian's ptp and host-local on the same kernel and in
 * the same rounds. An ADD of ours is served from the pool; a DEL ends when the kernel is clean.
 */
export async function measureSequential(): Promise<readonly Measurement[]> {
  const directory = mkdtempSync(join(tmpdir(), "podwire-bench-"));
  try {
    const node = await startBenchNode(directory);
    try {
      const peer = existsSync(debianPtp) ? ptpPlugin(directory) : undefined;
      const ours = takeSamples(node.plugin, peer);
      return report(ours, node.clientKind);
    } finally {
      await node.close();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface AllSamples {
  readonly ours: Samples;
  readonly peer: Samples | undefined;
}

function takeSamples(ours: Plugin, peer: Plugin | undefined): AllSamples {
  const samples = {
    ours: { addMs: [], delMs: [] } as Samples,
    peer: peer === undefined ? undefined : ({ addMs: [], delMs: [] } as Samples),
  };
  for (let round = 0; round < warmUpRounds + rounds; round++) {
    const isCounted = round >= warmUpRounds;
    playRound(ours, `ours-${round}`, isCounted ? samples.ours : undefined);
    if (peer !== undefined) playRound(peer, `peer-${round}`, isCounted ? samples.peer : undefined);
  }
  return samples;
}

/** One pod's life, in a namespace of its own. */
function playRound(plugin: Plugin, name: string, samples: Samples | undefined): void {
  const container: Container = { id: name, netnsPath: `/run/netns/${name}` };
  createNetns(container.netnsPath);
  try {
    const addMs = timePlugin(plugin, "ADD", container);
    const delMs = timePlugin(plugin, "DEL", container);
    samples?.addMs.push(addMs);
    samples?.delMs.push(delMs);
  } finally {
    deleteNetns(container.netnsPath);
  }
}

function ptpPlugin(directory: string): Plugin {
  const ipam = { type: "host-local", subnet: "10.99.0.0/16", dataDir: join(directory, "host-local") };
  const config = { cniVersion: "1.0.0", name: "bench-ptp", type: "ptp", ipam };
  return { path: debianPtp, config, environment: {} };
}

function report({ ours, peer }: AllSamples, clientKind: string): readonly Measurement[] {
  const nothingMs = percentiles(Array.from({ length: rounds }, timeNothing)).p50.toFixed(2);
  const beside = peer === undefined ? `no peer, for want of ${debianPtp}` : "peer: Debian's ptp and host-local";
  const note = `${clientKind} client; ${beside}; of each figure ${nothingMs} ms are the start of a process`;
  return [
    compare("add-sequential", { ours: ours.addMs, peer: peer?.addMs, note }),
    compare("del-sequential", { ours: ours.delMs, peer: peer?.delMs, note }),
  ];
}

interface Comparison {
  readonly ours: readonly number[];
  readonly peer: readonly number[] | undefined;
  readonly note: string;
}

function compare(name: string, { ours, peer, note }: Comparison): Measurement {
  const own = percentiles(ours);
  if (peer === undefined) return { name, unit: "ms", ours: own, note };
  const other = percentiles(peer);
  return { name, unit: "ms", ours: own, peer: other, ratio: own.p50 / other.p50, note };
}
