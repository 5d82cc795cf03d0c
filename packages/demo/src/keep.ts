import { readFileSync } from "node:fs";
import { outsidePidVariable } from "@podwire/testkit";
import type { DemoNode } from "./node.ts";
import type { Pod } from "./pods.ts";
import { outsideHost, peer } from "./scenario.ts";

/** How people get into the sandbox and its namespaces from another terminal. */
export function describeEntry(pods: readonly Pod[], nodes: readonly DemoNode[]): string {
  const enter = `nsenter --target ${process.env[outsidePidVariable] ?? "PID"} ${namespacesToEnter()}`;
  const names = [...pods.map(({ name }) => name), ...nodes.map(({ name }) => name), peer.name, outsideHost.node];
  return [
    "from another terminal, as the same user:",
    `the VPC's router    ${enter} sh`,
    `any other place     ${enter} nsenter --net=/run/netns/NAME sh`,
    `                    NAME: ${names.join(", ")}`,
    ...nodes.map(
      ({ name, runDirectory }) =>
        `podwired of ${name}  ${enter} curl --unix-socket ${runDirectory}/podwired.sock http://localhost/v1/status`,
    ),
  ].join("\n");
}

/**
 * Those the sandbox made. Not all there are: a plain user may not enter the others, and needs the user namespace, in
 * which his groups must stay as they are.
 */
function namespacesToEnter(): string {
  const isMapped = !/^\s*0\s+0\s+4294967295\s*$/m.test(readFileSync("/proc/self/uid_map", "utf8"));
  return `${isMapped ? "--user --preserve-credentials " : ""}--mount --net --pid`;
}
