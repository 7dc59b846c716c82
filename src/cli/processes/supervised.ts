/** A program: the command line in the process that a supervisor has started, and which ends with it. */
import { tolerateClosedOutput } from "../output.ts";
import { runCommandLine } from "../program.ts";

process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();
tolerateClosedOutput();
await runCommandLine(process.argv.slice(2), (told) => process.send?.(told));
