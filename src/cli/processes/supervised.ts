/** A program: the command line in a process that a supervisor has started, and that ends with the supervisor. */
import { tolerateClosedOutput } from "../output.ts";
import { runCommandLine } from "../program.ts";

process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();
tolerateClosedOutput();
await runCommandLine(process.argv.slice(2), (event) => process.send?.(event));
