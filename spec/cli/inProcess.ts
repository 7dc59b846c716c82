/** Runs the command line in this process: the same output, without the half second that a new process takes to start. */
import { vi } from "vitest";
import { runCommandLine } from "../../src/cli/program.ts";
import { jsonOf, type Ran } from "./deit.ts";

/** Runs a command in this folder. Only one may run at a time, since stdout, stderr, the working directory and the exit status belong to the process. */
export async function deitIn(folder: string, ...args: readonly string[]): Promise<Ran> {
  const printed = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      printed[stream] += String(text);
      return true;
    }),
  );
  const before = process.cwd();
  process.chdir(folder);
  process.exitCode = 0;
  try {
    await runCommandLine(args, null);
    return { status: process.exitCode, ...printed };
  } finally {
    process.exitCode = 0;
    process.chdir(before);
    for (const spy of spies) spy.mockRestore();
  }
}

export const deitHere = (...args: readonly string[]): Promise<Ran> => deitIn(process.cwd(), ...args);

/** The JSON that a command prints with --json, which must succeed. */
export const jsonIn = async (folder: string, ...args: readonly string[]): Promise<unknown> =>
  jsonOf(await deitIn(folder, ...args, "--json"));

export const jsonHere = (...args: readonly string[]): Promise<unknown> => jsonIn(process.cwd(), ...args);
