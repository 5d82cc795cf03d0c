import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { sandboxCommand, unshareArguments } from "./command.ts";
import { nodeProgram } from "./node-program.ts";
import { assertSandboxAllowed } from "./sandbox.ts";

const outcome = (argv: readonly string[]) => {
  const [command = "", ...rest] = sandboxCommand(argv);
  return spawnSync(command, rest, { encoding: "utf8", timeout: 20_000 });
};

describe("a sandbox", () => {
  it.each([0, 7, 143])("passes exit code %i through", (code) => {
    expect(outcome(["sh", "-c", `exit ${code}`]).status).toBe(code);
  });

  it("ends with 128 + n when its command dies of signal n, and with 127 when there is no such command", () => {
    expect(outcome(["sh", "-c", "kill -KILL $$"]).status).toBe(137);
    expect(outcome(["podwire-no-such-command"]).status).toBe(127);
  });

  it("hands arguments on as they are", () => {
    const hostile = ["a b", "$(exit 9)", "'\"`;", "", "*"];
    const printed = outcome(["node", "-e", "console.log(JSON.stringify(process.argv.slice(1)))", "--", ...hostile]);
    expect(JSON.parse(printed.stdout)).toEqual(hostile);
  });

  it("has the loopback interface alone, and that one up", () => {
    const script = `const all = require("node:os").networkInterfaces(); console.log(Object.keys(all).join());`;
    expect(outcome(["node", "-e", script]).stdout.trim()).toBe("lo");
  });

  it("has a /run of its own", () => {
    const marked = `/run/podwire-sandbox-test-${process.pid}`;
    writeFileSync(marked, "");
    try {
      const listed = outcome(["sh", "-c", "ls -A /run; ls -A /run/netns"]).stdout.trim().split("\n");
      expect(listed.sort()).toEqual(["netns", "podwire-sandbox"]);
    } finally {
      rmSync(marked);
    }
  });

  it("knows itself", () => {
    const module = new URL("./sandbox.ts", import.meta.url).href;
    const script = `import(${JSON.stringify(module)}).then((m) => console.log(m.isInSandbox()))`;
    const argv = [process.execPath, "--conditions=podwire-source", "-e", script];
    expect(outcome(argv).stdout.trim()).toBe("true");
    const outside = spawnSync(process.execPath, argv.slice(1), { encoding: "utf8" });
    expect(outside.stdout.trim()).toBe("false");
  });

  it("kills what its command left running", () => {
    const left = outcome(["sh", "-c", "sleep 987654 & echo left"]);
    expect(left.stdout.trim()).toBe("left");
    expect(processesRunning("sleep\x00987654")).toEqual([]);
  });
});

describe("a program that requires a sandbox", () => {
  let directory: string;
  let program: readonly string[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "sandbox-test-"));
    const file = join(directory, "program.ts");
    writeFileSync(file, programText(new URL("./sandbox.ts", import.meta.url).href));
    program = [...nodeProgram(import.meta.url, "init").slice(0, -1), file];
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("runs itself again inside, with its arguments, and ends with the exit code from there", () => {
    const [node = "", ...rest] = program;
    const ended = spawnSync(node, [...rest, "exit", "42"], { encoding: "utf8" });
    expect([ended.stdout.trim(), ended.status]).toEqual(["inside", 42]);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("gets %s from the outside once, and may end as it likes", async (signal) => {
    const { child, said } = await started(program);
    child.kill(signal);
    expect(await exitOf(child)).toBe(5);
    expect(said()).toBe(`inside\nready\ngot ${signal}\n`);
  });

  it("knows by what pid it can be entered from outside", () => {
    const [node = "", ...rest] = program;
    const { stdout } = spawnSync(node, [...rest, "pid"], { encoding: "utf8" });
    expect(stdout).toMatch(/^inside\n\d+\n$/);
    expect(Number(stdout.split("\n")[1])).toBeGreaterThan(1);
  });

  it("ends when the process that started it is killed", async () => {
    const { child } = await started(program);
    const mark = join(directory, "program.ts");
    expect(processesRunning(mark).length).toBeGreaterThan(1);
    child.kill("SIGKILL");
    await expect.poll(() => processesRunning(mark), { timeout: 15_000 }).toEqual([]);
  });
});

it("says why there can be no sandbox, and what to do", () => {
  expect(unshareArguments(0)).not.toContain("-Ur");
  expect(() => assertSandboxAllowed({ uid: 1000, command: "podwire-no-unshare" })).toThrow(
    expect.objectContaining({ code: "HOST_UNFIT", details: expect.stringContaining("user.max_user_namespaces") }),
  );
});

/** Waits for a signal (or exits as told), and says what it got. */
function programText(sandboxModule: string): string {
  return `import { requireSandbox } from ${JSON.stringify(sandboxModule)};
await requireSandbox(async () => {
  console.log("inside");
  const [verb, code] = process.argv.slice(2);
  if (verb === "exit") return Number(code);
  if (verb === "pid") {
    console.log(process.env["SANDBOX_OUTSIDE_PID"]);
    return 0;
  }
  return new Promise((resolve) => {
    const held = setInterval(() => {}, 1000);
    for (const signal of ["SIGINT", "SIGTERM"]) {
      process.on(signal, () => {
        console.log("got " + signal);
        clearInterval(held);
        resolve(5);
      });
    }
    console.log("ready");
  });
});
`;
}

async function started([command = "", ...rest]: readonly string[]) {
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  await new Promise<void>((resolve) =>
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (text.includes("ready\n")) resolve();
    }),
  );
  return { child, said: () => text };
}

async function exitOf(child: ReturnType<typeof spawn>): Promise<number | null> {
  const [code] = (await once(child, "close")) as [number | null];
  return code;
}

/** Pids whose command line holds the text. */
function processesRunning(text: string): readonly string[] {
  const pids = spawnSync("ls", ["/proc"], { encoding: "utf8" })
    .stdout.split("\n")
    .filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
    } catch {
      return false;
    }
  });
}
