/** The command line in this process: what a user would see, without the half second that a process of its own takes. */
import { vi } from "vitest";
import { runCommandLine } from "../../src/cli/program.ts";
import type { Ran } from "./deit.ts";

/** One at a time: what is printed, and the exit status, are the process's. */
export async function deitHere(...args: readonly string[]): Promise<Ran> {
  const printed = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      printed[stream] += String(text);
      return true;
    }),
  );
  process.exitCode = 0;
  try {
    await runCommandLine(args, null);
    return { status: process.exitCode, ...printed };
  } finally {
    process.exitCode = 0;
    for (const spy of spies) spy.mockRestore();
  }
}
