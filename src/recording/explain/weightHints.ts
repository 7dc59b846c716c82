/** Hints on the weights of a wrong step: whether the step gives the recorded values with one of its weights transposed or left out. */
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { parameterShapes } from "../../model/params.ts";
import type { Shape, Tensor } from "../../tensor/tensor.ts";
import { judge } from "../judge.ts";
import { localReader } from "../steps/localReading.ts";
import type { Recording } from "../format/read.ts";
import { isForward, originOf, type Reading } from "../steps/readings.ts";
import type { Step } from "../steps/steps.ts";
import { recordedValues } from "../steps/prediction.ts";

/** A change of a weight. */
interface Change {
  readonly says: string;
  readonly fits: (name: string, shape: Shape) => boolean;
  readonly change: (k: Kernels, weight: Tensor) => Tensor;
}

const changes: readonly Change[] = [
  { says: "transposed", fits: (_, [O, I, ...more]) => O === I && more.length === 0, change: (k, weight) => k.permute(weight, [1, 0]) },
  { says: "left out", fits: (name) => name.endsWith(".bias"), change: (k, weight) => k.zeros(weight.shape) },
  {
    says: "left out",
    fits: (name) => /norm[12]?\.weight$/.test(name),
    change: (k, weight) => k.addScalar(k.zeros(weight.shape), 1),
  },
];

/** Hints such as `with blocks.0.attn.proj.weight transposed the step gives the recorded values`. */
export async function weightHints(engine: Engine, recording: Recording, reading: Reading): Promise<readonly string[]> {
  const [step] = reading.steps;
  const origin = originOf(reading, recording);
  if (step === undefined || !isForward(reading.name) || !origin.local) return [];
  const shapes = parameterShapes(recording.configuration.model);
  const hints: string[] = [];
  for (const [i, name] of step.weights.entries())
    for (const { says, change } of changes.filter(({ fits }) => fits(name, shapes.get(name) ?? []))) {
      const changed = (k: Kernels, weights: readonly Tensor[]): readonly Tensor[] => weights.map((w, j) => (j === i ? change(k, w) : w));
      const wrong: Step = { ...step, forward: (k, { taps, weights }) => step.forward(k, { taps, weights: changed(k, weights) }) };
      const value = await localReader(engine, recording, recordedValues(recording))({ ...reading, steps: [wrong] });
      const { error, tolerance } = judge(recording, reading.name, value, engine.precision, origin);
      if (error <= tolerance.bound) hints.push(`with ${name} ${says} the step gives the recorded values`);
    }
  return hints;
}
