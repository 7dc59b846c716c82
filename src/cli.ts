#!/usr/bin/env node
/** Entry `deit`, the command line. */
import { messageOf, oneLine, say, tolerateClosedOutput } from "./cli/output.ts";
import { endWithParent } from "./cli/processes/parent.ts";
import { placed } from "./cli/processes/probe.ts";
import { runCommandLine } from "./cli/program.ts";
import { BAD_INPUT } from "./cli/status.ts";
import { needsSupervision, supervise } from "./cli/processes/supervise.ts";

/** Runs a command line in a process that finds its adapter; the exit status. */
async function superviseOnAdapter(args: readonly string[]): Promise<number> {
  try {
    const { args: own, variables } = await placed(args);
    return await supervise(own, variables);
  } catch (error) {
    say(`deit ${args[0]}: ${oneLine(messageOf(error))}`);
    return BAD_INPUT;
  }
}

const args = process.argv.slice(2);
tolerateClosedOutput();
endWithParent();
if (needsSupervision(args)) process.exitCode = await superviseOnAdapter(args);
else await runCommandLine(args, null);
