/** The command line as a whole: its commands, and how each of them fails. */
import { BAD_INPUT } from "./status.ts";
import { Command, CommanderError } from "commander";
import { DeviceLostError } from "../tensor/errors.ts";
import { messageOf, oneLine } from "./output.ts";
import { LOST, type Notify } from "./processes/supervise.ts";
import { version } from "./version.ts";

type Add = (program: Command, notify: Notify | null) => void;

/** The commands in the order of the help, each loaded only when it is needed: together they take most of a second. */
const commands: { readonly [name: string]: () => Promise<Add> } = {
  demo: async () => (await import("./commands/demo.ts")).addDemo,
  check: async () => (await import("./commands/check.ts")).addCheck,
  verify: async () => (await import("./commands/verify.ts")).addVerify,
  record: async () => (await import("./commands/record.ts")).addRecord,
  train: async () => (await import("./commands/train.ts")).addTrain,
  recipe: async () => (await import("./commands/recipe.ts")).addRecipe,
  compare: async () => (await import("./commands/compare.ts")).addCompare,
  experiment: async () => (await import("./commands/experiment.ts")).addExperiment,
  eval: async () => (await import("./commands/eval.ts")).addEval,
  classify: async () => (await import("./commands/classify.ts")).addClassify,
  preprocess: async () => (await import("./commands/preprocess.ts")).addPreprocess,
  augment: async () => (await import("./commands/augment.ts")).addAugment,
  inspect: async () => (await import("./commands/inspect.ts")).addInspect,
  explain: async () => (await import("./commands/explain.ts")).addExplain,
  convert: async () => (await import("./commands/convert.ts")).addConvert,
  summary: async () => (await import("./commands/summary.ts")).addSummary,
  bench: async () => (await import("./commands/bench.ts")).addBench,
  engines: async () => (await import("./commands/engines.ts")).addEngines,
};
const names = Object.keys(commands);

/** A program with these commands. */
async function programWith(wanted: readonly string[], notify: Notify | null): Promise<Command> {
  const program = new Command("deit")
    .description("DeiT as a functional TypeScript reference: check it, train it, look inside it")
    .version(version())
    .helpCommand("help [command]", "show what a command takes, as its --help does")
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  for (const [name, load] of Object.entries(commands)) if (wanted.includes(name)) (await load())(program, notify);
  return program;
}

/** The program with all its commands, by which the site describes them. */
export const wholeProgram = (): Promise<Command> => programWith(names, null);

/** What to parse. For `help` of an unknown command, commander would print the whole help; for the command itself it says that it is unknown. */
const understood = (args: readonly string[]): readonly string[] => {
  const [first, asked] = args;
  return first === "help" && asked !== undefined && !names.includes(asked) ? args.slice(1) : args;
};

/** `unknown option '--cass' (Did you mean --cases?); see deit check --help` */
function usage({ message }: CommanderError, command: string): string {
  return `${oneLine(message.replace(/^error: /, "")).replace(/[.]$/, "")}; see ${command} --help`;
}

/**
 * Runs a command line. A failure prints one line on stderr and sets exit status 2, or LOST if a device was lost.
 *
 * @param notify sends events to the supervisor; null: there is none
 */
export async function runCommandLine(args: readonly string[], notify: Notify | null): Promise<void> {
  const name = names.find((known) => known === args[0]);
  const command = name === undefined ? "deit" : `deit ${name}`;
  const fail = (what: string, status = BAD_INPUT): void => {
    process.exitCode = status;
    process.stderr.write(`${command}: ${what}\n`);
  };
  if (args.length === 0) return fail(`which command? known: ${names.join(", ")}; see deit --help`);
  try {
    const wanted = args[0] === "--version" ? [] : name === undefined ? names : [name]; // all of them for help and for suggestions
    const program = await programWith(wanted, notify);
    await program.parseAsync([...understood(args)], { from: "user" });
  } catch (error) {
    if (error instanceof DeviceLostError) return fail(oneLine(error.message), LOST);
    if (!(error instanceof CommanderError)) return fail(oneLine(messageOf(error)));
    if (error.exitCode === 0) return; // --help, --version
    const known = error.code === "commander.unknownCommand" ? `; known: ${names.join(", ")}` : "";
    fail(`${usage(error, command)}${known}`);
  }
}
