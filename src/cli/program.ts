/** The command line as a whole: its commands, and how each of them fails. */
import { Command, CommanderError } from "commander";
import { DeviceLostError } from "../tensor/errors.ts";
import { addBench } from "./commands/bench.ts";
import { addCheck } from "./commands/check.ts";
import { addClassify } from "./commands/classify.ts";
import { addCompare } from "./commands/compare.ts";
import { addConvert } from "./commands/convert.ts";
import { addDemo } from "./commands/demo.ts";
import { addEngines } from "./engines.ts";
import { addExplain } from "./commands/explain.ts";
import { addEval } from "./commands/eval.ts";
import { addInspect } from "./commands/inspect.ts";
import { messageOf, oneLine } from "./output.ts";
import { addPreprocess } from "./commands/preprocess.ts";
import { addRecord } from "./commands/record.ts";
import { addSummary } from "./commands/summary.ts";
import { LOST, type Tell } from "./processes/supervise.ts";
import { addTrain } from "./commands/train.ts";
import { addVerify } from "./commands/verify.ts";
import { version } from "./version.ts";

/** Bad input of any kind. */
export const BAD_INPUT = 2;

function programOf(tell: Tell | null): Command {
  const program = new Command("deit")
    .description("DeiT as a functional TypeScript reference: checked, trained and looked into")
    .version(version())
    .helpCommand("help [command]", "what a command takes, as its --help says")
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  for (const add of [
    addDemo,
    addCheck,
    addVerify,
    addRecord,
    addTrain,
    addCompare,
    addEval,
    addClassify,
    addPreprocess,
    addInspect,
    addExplain,
    addConvert,
    addSummary,
    addBench,
    addEngines,
  ])
    add(program, tell);
  return program;
}

/** What to parse. Of a command that is not there, commander's help prints the whole help; what it says of the command itself is right. */
const understood = (args: readonly string[], names: readonly string[]): readonly string[] => {
  const [first, asked] = args;
  return first === "help" && asked !== undefined && !names.includes(asked) ? args.slice(1) : args;
};

/** `unknown option '--cass' (Did you mean --cases?); see deit check --help` */
function usage({ message }: CommanderError, command: string): string {
  return `${oneLine(message.replace(/^error: /, "")).replace(/[.]$/, "")}; see ${command} --help`;
}

/**
 * Runs a command line. A failure is one line on stderr and exit status 2; of a lost device, that of which supervisors know.
 *
 * @param tell the supervisor; null: there is none
 */
export async function runCommandLine(args: readonly string[], tell: Tell | null): Promise<void> {
  const program = programOf(tell);
  const names = program.commands.map((command) => command.name());
  const name = names.find((known) => known === args[0]);
  const command = name === undefined ? "deit" : `deit ${name}`;
  const fail = (what: string, status = BAD_INPUT): void => {
    process.exitCode = status;
    process.stderr.write(`${command}: ${what}\n`);
  };
  if (args.length === 0) return fail(`which command? known: ${names.join(", ")}; see deit --help`);
  try {
    await program.parseAsync([...understood(args, names)], { from: "user" });
  } catch (error) {
    if (error instanceof DeviceLostError) return fail(oneLine(error.message), LOST);
    if (!(error instanceof CommanderError)) return fail(oneLine(messageOf(error)));
    if (error.exitCode === 0) return; // --help, --version
    const known = error.code === "commander.unknownCommand" ? `; known: ${names.join(", ")}` : "";
    fail(`${usage(error, command)}${known}`);
  }
}
