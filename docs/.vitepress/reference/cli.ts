/** The page of the command line, from the commands themselves: their arguments, options, defaults and examples. */
import type { Argument, Command, Option } from "commander";
import { wholeProgram } from "../../../src/cli/program.ts";
import { code, escaped, joined, table } from "./markdown.ts";

const INTRODUCTION = `Every command says the same with \`--help\`. A failure is one line on stderr with exit status 2; what a command found to be wrong,
such as a gradient or a recording, is exit status 1. Values without a default may be left out.`;

/** A description as a sentence. */
const sentence = (text: string): string => escaped(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);

/** The default as the help shows it, and the values that are allowed. */
function defaultOf({ defaultValue, defaultValueDescription }: Option | Argument): string {
  if (defaultValueDescription !== undefined) return escaped(defaultValueDescription);
  return defaultValue === undefined || defaultValue === false ? "" : code(String(defaultValue));
}

function meaningOf({ description, argChoices = [] }: Option | Argument): string {
  const choices = argChoices.length === 0 ? "" : `one of ${argChoices.map(code).join(", ")}`;
  return [escaped(description), choices].filter((part) => part !== "").join("; ");
}

/** A command's arguments as its usage writes them: `<what...>`, `[files...]`. */
const writtenAs = (argument: Argument): string => {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
};

/** The examples at the end of a command's help; empty: none. */
function examplesOf(command: Command): string {
  let help = "";
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  const [, examples = ""] = help.split("\nExamples:\n");
  const lines = examples.trimEnd().split("\n");
  return examples === "" ? "" : ["```console", ...lines.map((line) => line.replace(/^ {2}/, "")), "```"].join("\n");
}

/** The section of a command, and those of the commands below it. */
function sectionOf(command: Command, before: string, level: number): readonly string[] {
  const name = `${before} ${command.name()}`;
  const options = command.options.filter(({ hidden }) => !hidden);
  return [
    `${"#".repeat(level)} ${name}`,
    sentence(command.description()),
    code(`${name} ${command.usage()}`.trim()),
    table(
      ["argument", "meaning", "default"],
      command.registeredArguments.map((one) => [code(writtenAs(one)), meaningOf(one), defaultOf(one)]),
    ),
    table(["option", "meaning", "default"], options.map((one) => [code(one.flags), meaningOf(one), defaultOf(one)])), // prettier-ignore
    examplesOf(command),
    ...command.commands.flatMap((below) => sectionOf(below, name, level + 1)),
  ];
}

/** The whole page. */
export async function cliPage(): Promise<string> {
  const program = await wholeProgram();
  const sections = program.commands.flatMap((command) => sectionOf(command, program.name(), 2));
  return joined(["# Command line", sentence(program.description()), INTRODUCTION, ...sections]);
}
