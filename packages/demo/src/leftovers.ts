import { existsSync, readdirSync, readFileSync } from "node:fs";
import { openNetlink } from "@podwire/linux";

/** Whatever the demo made and did not take back: namespaces, links, processes, files. Empty when nothing is left. */
export async function leftovers(directories: readonly string[]): Promise<readonly string[]> {
  return [
    ...readdirSync("/run/netns").map((name) => `namespace ${name}`),
    ...(await strangeLinks()).map((name) => `link ${name}`),
    ...strangeProcesses(),
    ...directories.filter((directory) => existsSync(directory)).map((directory) => `directory ${directory}`),
  ];
}

async function strangeLinks(): Promise<readonly string[]> {
  const netlink = openNetlink();
  try {
    return (await netlink.links()).map(({ name }) => name).filter((name) => name !== "lo");
  } finally {
    netlink.close();
  }
}

/** In the sandbox there is its first process and the demo. A zombie has ended; its parent has yet to be told. */
function strangeProcesses(): readonly string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids
    .filter((pid) => pid !== "1" && pid !== `${process.pid}`)
    .map((pid) => ({ pid, status: readIfThere(`/proc/${pid}/status`) }))
    .filter(({ status }) => status !== "" && !/^State:\tZ/m.test(status))
    .map(({ pid, status }) => `process ${pid} (${/^Name:\t(.*)$/m.exec(status)?.[1]})`);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
