#!/usr/bin/env node
/** Entry `deit`, the command line. */
import { tolerateClosedOutput } from "./cli/output.ts";
import { runCommandLine } from "./cli/program.ts";
import { needsSupervision, supervise } from "./cli/supervise.ts";

const args = process.argv.slice(2);
tolerateClosedOutput();
if (needsSupervision(args)) process.exitCode = await supervise(args);
else await runCommandLine(args, null);
