import { requireSandbox } from "@podwire/testkit";
import { runDemo } from "./demo.ts";
import { catchInterrupts } from "./interrupts.ts";
import { type DemoOptions, parseOptions, usage } from "./options.ts";

const write = (line: string) => void process.stdout.write(`${line}\n`);

const options = parseOptions(process.argv.slice(2));
if (options === "help") write(usage);
else if ("problem" in options) {
  process.stderr.write(`${options.problem}\n${usage}\n`);
  process.exitCode = 2;
} else await requireSandbox(() => play(options));

async function play(chosen: DemoOptions): Promise<number> {
  const interrupts = catchInterrupts();
  try {
    return await runDemo(chosen, { write, interrupts });
  } finally {
    interrupts.close();
  }
}
