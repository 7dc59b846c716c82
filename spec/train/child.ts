/** A process that a spec kills: `child.ts FOLDER EPOCHS` starts or resumes the tiny recipe and prints a line after each step. */
import { writeSync } from "node:fs";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { runRecipe } from "../../src/train/run/run.ts";
import { tinyOf } from "./tiny.ts";

const STDOUT = 1;
const [, , directory = "", epochs = ""] = process.argv;

await runRecipe(referenceEngine(), tinyOf(Number(epochs)), {
  directory,
  resume: true,
  recipeText: "",
  checkpointEvery: 2,
  checkpointMinutes: 0,
  onProgress: ({ stage, step }) => writeSync(STDOUT, `${stage} ${step}\n`),
  onView: null,
  stop: null,
  ranks: null,
  reference: null,
  memory: "normal",
  workers: 0,
  onNotice: () => undefined,
});
