import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Podwired {
  readonly process: ChildProcess;
  /** Everything on standard error so far, a line each. */
  readonly lines: readonly string[];
  /** Resolves with the first line that holds `text`, also one that came already. Rejects when the process ends first. */
  line(text: string): Promise<string>;
  /** Sends the signal and resolves with the exit code, null for a death by signal. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  readonly ended: Promise<number | null>;
}

/** The real daemon from source, with nothing of this process's environment but PATH. */
export function startPodwired(environment: Readonly<Record<string, string>>): Podwired {
  const main = fileURLToPath(new URL("../../packages/daemon/src/main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=podwire-source", main], {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "inherit", "pipe"],
  });
  const lines: string[] = [];
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on("line", (line) => {
    lines.push(line);
    child.emit("line");
  });
  const ended = once(child, "close").then(([code]) => code as number | null);
  return {
    process: child,
    lines,
    ended,
    line: (text) => waitForLine(child, lines, text),
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

function waitForLine(child: ChildProcess, lines: readonly string[], text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const found = lines.find((line) => line.includes(text));
      if (found !== undefined) resolve(found);
    };
    child.on("line", look);
    child.once("close", () => reject(new Error(`podwired ended before it wrote ${text}: ${lines.join("\n")}`)));
    look();
  });
}
