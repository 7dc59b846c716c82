/** A process that a spec kills: `child.ts FOLDER EPOCHS` starts or resumes the tiny recipe and prints a line after each step. */
import { writeSync } from "node:fs";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { runRecipe } from "../../src/train/run/run.ts";
import { quietRun } from "./quietRun.ts";
import { tinyOf } from "./tiny.ts";

const STDOUT = 1;
const [, , directory = "", epochs = ""] = process.argv;

await runRecipe(referenceEngine(), tinyOf(Number(epochs)), {
  ...quietRun(directory),
  resume: true,
  checkpointEvery: 2,
  onProgress: ({ stage, step }) => writeSync(STDOUT, `${stage} ${step}\n`),
});
