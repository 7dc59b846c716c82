/** A program: the command line in a process that a supervisor has started, and that ends with the supervisor. */
import { tolerateClosedOutput } from "../output.ts";
import { runCommandLine } from "../program.ts";
import { endWithParent } from "./parent.ts";

endWithParent();
tolerateClosedOutput();
await runCommandLine(process.argv.slice(2), (event) => process.send?.(event));
