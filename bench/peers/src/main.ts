/** `npm run bench:peers`: compares this project with other libraries on one model, in one run. README.md describes the method. */
import { parseArgs } from "node:util";
import { bench, type Settings } from "./bench.ts";
import type { What } from "./child.ts";
import { printJson, say } from "./deit.ts";
import { machine, printFoot, printRows, rowJson } from "./rows.ts";

const TASKS: readonly What[] = ["forward", "train"];
const OURS = "deit";
/** The files of libraries/, and what each can do. */
const OTHERS: { readonly [library: string]: readonly What[] } = {
  "onnxruntime-web": ["forward"],
  "tfjs-wasm": ["forward", "train"],
  "tfjs-wasm-by-hand": ["forward", "train"],
  "jax-js": ["forward"],
  "onnxruntime-node": ["forward"],
  transformers: ["forward"],
};
const NAMES = Object.keys(OTHERS);

const USAGE = `npm run bench:peers -- [--only ${NAMES[0]},…] [--what ${TASKS.join(",")}] [--threads 1,2] [--rounds 15] [--json]`;

/** @throws RangeError that names an unknown choice */
function chosen<T extends string>(option: string, text: string, all: readonly T[]): readonly T[] {
  const asked = text.split(",");
  const unknown = asked.find((name) => !all.some((one) => one === name));
  if (unknown !== undefined) throw new RangeError(`--${option} ${unknown}: there are ${all.join(", ")}`);
  return all.filter((one) => asked.includes(one));
}

function positive(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new RangeError(`--${option} ${text}: it must be a positive integer`);
  return Number(text);
}

interface Asked {
  readonly tasks: readonly What[];
  readonly others: readonly string[];
  readonly settings: Omit<Settings, "libraries">;
  readonly json: boolean;
}

function asked(): Asked {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: NAMES.join(",") },
      what: { type: "string", default: TASKS.join(",") },
      threads: { type: "string", default: "1,2" },
      rounds: { type: "string", default: "15" },
      json: { type: "boolean", default: false },
    },
  });
  const others = chosen("only", values.only, NAMES);
  const threads = values.threads.split(",").map((text) => positive("threads", text));
  const rounds = positive("rounds", values.rounds);
  return { tasks: chosen("what", values.what, TASKS), others, settings: { threads, rounds }, json: values.json };
}

async function run({ tasks, others, settings, json }: Asked): Promise<void> {
  const found: object[] = [];
  for (const what of tasks) {
    const libraries = [OURS, ...others.filter((name) => OTHERS[name]?.includes(what))];
    const rows = await bench(what, { ...settings, libraries });
    found.push({ what, rows: rows.map(rowJson) });
    if (!json) printRows(what, rows);
  }
  if (json) printJson({ machine: machine(), rounds: settings.rounds, tasks: found });
  else printFoot();
}

const messageOf = (error: unknown): string => `bench:peers: ${error instanceof Error ? error.message : String(error)}`;

/** null: the command line was wrong, and the error is printed. */
function askedOrSaid(): Asked | null {
  try {
    return asked();
  } catch (error) {
    say(`${messageOf(error)}\n${USAGE}`);
    process.exitCode = 2;
    return null;
  }
}

const wanted = askedOrSaid();
try {
  if (wanted !== null) await run(wanted);
} catch (error) {
  say(messageOf(error));
  process.exitCode = 1;
}
