/** Makes the recording that a program would have made which has a variant of the catalogue wherever it can occur, and nothing else wrong. */
import type { HostArray } from "../check/host.ts";
import type { Engine } from "../kernels/engine.ts";
import type { Recording } from "./format/read.ts";
import { computeEndToEnd } from "./steps/endToEnd.ts";
import { rightHypothesis, supposing, unitsOf, type Hypothesis } from "./steps/hypothesis.ts";
import { predict } from "./steps/prediction.ts";
import { passReadings } from "./steps/readings.ts";
import type { Variant } from "./variants/variant.ts";

function hypothesisWith(recording: Recording, variant: Variant): Hypothesis {
  const right = rightHypothesis(recording);
  if (variant.part === "optimizer") {
    const { optimizer } = recording.configuration;
    return variant.kinds.some((kind) => kind === optimizer?.kind) ? { ...right, rule: variant.wrong } : right;
  }
  const wrong = supposing(recording, right, right, variant, new Set(unitsOf(variant, right).flat()));
  return wrong ?? right;
}

/**
 * The same recording with every result computed anew, from the images on, by the right network with this variant. A result that the variant does not
 * reach, or a configuration in which it makes no difference, stays right.
 */
export async function recordingWithVariant(engine: Engine, recording: Recording, variant: Variant): Promise<Recording> {
  const hypothesis = hypothesisWith(recording, variant);
  const names = [...recording.results.keys()];
  const ofPasses = new Set(passReadings(recording).map(({ name }) => name));
  const passes = await computeEndToEnd(
    engine,
    recording,
    hypothesis.steps,
    names.filter((name) => ofPasses.has(name)),
  );
  const { value } = predict(engine, { ...recording, results: passes }, hypothesis);
  const results = new Map<string, HostArray>();
  for (const name of names) results.set(name, passes.get(name) ?? (await value(name)));
  return { ...recording, results };
}
