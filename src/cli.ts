#!/usr/bin/env node
/** Entry `deit`, the command line. */
import { runCommandLine } from "./cli/program.ts";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error; // the reader has seen enough
});
await runCommandLine(process.argv.slice(2));
