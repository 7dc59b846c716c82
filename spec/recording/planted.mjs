/**
 * A whole folder of fixtures/planted/plant.py verified: `node spec/recording/planted.mjs FOLDER [wasm|reference] [EVERY]`, after `npm run build`.
 *
 * Takes each EVERY-th file (default: all). Prints a line for each file whose answer is not the index's, then the counts: recordings whose first wrong
 * tensor is found, planted steps that the file decides and that are named, names that were not planted, right recordings that are accused.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { referenceEngine } from "deit";
import { readRecording, verify } from "deit/recording";
import { wasmEngine } from "deit/wasm";

const [folder = ".", which = "reference", every = "1"] = process.argv.slice(2);
const engine = which === "wasm" ? await wasmEngine() : referenceEngine();
/** An engine of f32 is held to this share of a tensor's scale: what is less wrong looks right to it. */
const SEEN = which === "wasm" ? 3e-6 : 0;

const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")).filter((_, i) => i % Number(every) === 0);
const counts = { engine: engine.name, files: 0, wrong: 0, located: 0, decided: 0, named: 0, misnamed: 0, right: 0, accused: 0 };

/** The variants that are planted, without their forms: `post-norm (whole block) + decay-missing`. */
const plantedNames = (error) => error.split(" + ").map((name) => name.split(" (")[0]);

for (const entry of index) {
  const { first, explanations } = await verify(engine, readRecording(readFileSync(join(folder, entry.file))));
  const found = explanations.map(({ at, variant }) => `${at}: ${variant}`);
  counts.files++;
  if (entry.error === null) {
    counts.right++;
    if (first === null) continue;
    counts.accused++;
    console.log(`${entry.file}: a right recording is wrong at ${first.name}`);
    continue;
  }
  if (entry.share <= SEEN) continue;
  counts.wrong++;
  const planted = plantedNames(entry.error);
  const decided = entry.explanations.filter((step) => step.decided && step.variant !== null && step.share > SEEN);
  const named = decided.filter(({ at, variant }) => found.includes(`${at}: ${variant}`));
  const misnamed = explanations.filter(({ variant }) => variant !== null && !planted.includes(variant));
  counts.located += first?.name === entry.first ? 1 : 0;
  counts.decided += decided.length;
  counts.named += named.length;
  counts.misnamed += misnamed.length;
  if (first?.name !== entry.first || named.length < decided.length || misnamed.length > 0)
    console.log(
      `${entry.file}: planted ${entry.explanations.map(({ at, variant }) => `${at}: ${variant}`).join(", ")}; found ${found.join(", ")}`,
    );
}
console.log(JSON.stringify(counts));
