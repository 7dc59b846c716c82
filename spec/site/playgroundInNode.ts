/** The playground's training in Node, for comparison with the page's. */
import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { writeWeights } from "#deit/io/weights/weights.js";
import { wasmEngine } from "#deit/wasm.js";
import { digitsRecipe } from "../../docs/.vitepress/playground/recipe.ts";
import type { Sample } from "../../docs/.vitepress/playground/verifying/sample.ts";
import type { Command, Report } from "../../docs/.vitepress/playground/training/messages.ts";
import { openSession } from "../../docs/.vitepress/playground/training/session.ts";
import { stateOf } from "../../docs/.vitepress/playground/training/settings.ts";
import { defaultTimeline } from "../../docs/.vitepress/playground/training/useTraining.ts";

export const recipe = digitsRecipe();

/** What is told of a training in Node that goes to a step. */
export interface InNode {
  /** The loss of each step. */
  readonly losses: readonly number[];
  /** A file of the student's weights. */
  readonly weights: Uint8Array;
}

/** Trains as the page of an address does, from step to step. @throws Error with what the session tells if it fails */
export async function trainedInNode(query: string, steps: readonly number[]): Promise<InNode> {
  const { timeline } = stateOf(query, defaultTimeline(recipe));
  const digits = readFileSync("fixtures/digits/digits.safetensors");
  const left: Command[] = [...steps.map((step): Command => ({ do: "goTo", step })), { do: "sample" }];
  const told: Report[] = [];
  const sample = await new Promise<Sample>((resolve, reject) => {
    const obey = openSession({
      openEngine: (_, threads) => wasmEngine({ threads }),
      turn: () => setImmediate(),
      now: () => performance.now(),
      post: (report) => {
        told.push(report);
        if (report.told === "failed") reject(new Error(report.message));
        if (report.told === "sample") resolve(report.sample);
        const next = report.told === "state" && !report.running ? left.shift() : undefined;
        if (next !== undefined) obey(next);
      },
    });
    obey({ do: "open", timeline: { ...timeline, start: { ...timeline.start, engine: "wasm" } }, recipe, digits, threads: 1 });
  });
  const losses: number[] = [];
  for (const report of told) if (report.told === "steps") for (const { step, loss } of report.points) losses[step - 1] = loss;
  const classes = Array.from({ length: sample.config.classes }, (_, digit) => `${digit}`);
  const preprocessing = { mean: recipe.recipe.data.mean, std: recipe.recipe.data.std };
  return { losses, weights: writeWeights({ config: sample.config, classes, preprocessing, tensors: sample.weights }) };
}
