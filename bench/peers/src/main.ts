/** `npm run bench:peers`: this project beside other libraries, on one model, in one run. README.md says how. */
import { parseArgs } from "node:util";
import { bench, type Settings } from "./bench.ts";
import type { What } from "./child.ts";
import { printJson, say } from "./deit.ts";
import { printClock, printRows, rowJson } from "./rows.ts";

/** Files of libraries/. */
const OURS = "deit";
const OTHERS = ["onnxruntime-web", "tfjs-wasm", "tfjs-wasm-by-hand", "jax-js", "onnxruntime-node", "transformers"];
const TASKS: readonly What[] = ["forward", "train"];

const USAGE = `npm run bench:peers -- [--only ${OTHERS[0]},…] [--what ${TASKS.join(",")}] [--threads 1,2] [--rounds 15] [--json]`;

/** @throws RangeError naming a choice that there is not */
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
  readonly settings: Settings;
  readonly json: boolean;
}

function asked(): Asked {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: OTHERS.join(",") },
      what: { type: "string", default: TASKS.join(",") },
      threads: { type: "string", default: "1,2" },
      rounds: { type: "string", default: "15" },
      json: { type: "boolean", default: false },
    },
  });
  const libraries = [OURS, ...chosen("only", values.only, OTHERS)];
  const threads = values.threads.split(",").map((text) => positive("threads", text));
  const settings = { libraries, threads, rounds: positive("rounds", values.rounds) };
  return { tasks: chosen("what", values.what, TASKS), settings, json: values.json };
}

async function run({ tasks, settings, json }: Asked): Promise<void> {
  const found: object[] = [];
  for (const what of tasks) {
    const rows = await bench(what, settings);
    found.push({ what, rows: rows.map(rowJson) });
    if (!json) printRows(what, rows);
  }
  if (json) printJson({ rounds: settings.rounds, tasks: found });
  else printClock();
}

try {
  await run(asked());
} catch (error) {
  say(`bench:peers: ${error instanceof Error ? error.message : String(error)}`);
  say(USAGE);
  process.exitCode = 1;
}
