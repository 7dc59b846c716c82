/** Predicts any result of a recording under a hypothesis: from the recording's own values where the file holds them, else from the images on. */
import type { HostArray, Leaves } from "../../check/host.ts";
import type { Engine } from "../../kernels/engine.ts";
import { RecordingError } from "../format/fields.ts";
import type { Hypothesis } from "./hypothesis.ts";
import { gradientsOfSteps, startsOf, weightsAfter } from "./optimizerSteps.ts";
import { localReader, type Values } from "./localReading.ts";
import { resultOf, type Recording } from "../format/read.ts";
import { updatedWeightOrigin, originOf, passReadings, type Origin, type Reading } from "./readings.ts";
import { isTiny } from "./compute.ts";
import { computeEndToEnd } from "./endToEnd.ts";

/** The recording's own values. */
export const recordedValues =
  (recording: Recording): Values =>
  (name) =>
    Promise.resolve(resultOf(recording, name));

/** What a hypothesis predicts for a recording. */
export interface Prediction {
  readonly hypothesis: Hypothesis;
  /** How each tap, cotangent and gradient comes about. */
  readonly readings: ReadonlyMap<string, Reading>;
  /** What a result is computed from. */
  readonly originOf: (name: string) => Origin;
  /** The predicted value of a result. */
  readonly value: Values;
}

/** The predictions of a hypothesis; each is computed when it is first read. */
export function predict(engine: Engine, recording: Recording, hypothesis: Hypothesis): Prediction {
  const { steps, rule } = hypothesis;
  const readings = new Map(passReadings(recording, steps).map((reading) => [reading.name, reading]));
  const origin = (name: string): Origin => {
    const reading = readings.get(name);
    return reading === undefined ? updatedWeightOrigin(name, recording) : originOf(reading, recording);
  };

  const readLocally = localReader(engine, recording, recordedValues(recording));
  let whole: Promise<Leaves> | null = null;
  /** For a tiny network, computes all results that are recorded and not local in one run. */
  async function endToEnd(name: string): Promise<HostArray> {
    if (isTiny(recording)) {
      const names = [...recording.results.keys()].filter((other) => readings.has(other) && !origin(other).local);
      whole ??= computeEndToEnd(engine, recording, steps, names);
      const known = (await whole).get(name);
      if (known !== undefined) return known;
    }
    const array = (await computeEndToEnd(engine, recording, steps, [name])).get(name);
    if (array === undefined) throw new RecordingError(`nothing computes ${name}`);
    return array;
  }

  const gradients = gradientsOfSteps(engine, recording, steps);
  const after = new Map<string, Promise<Leaves>>();
  async function updatedWeight(name: string): Promise<HostArray> {
    const [, s = "", ...parameter] = name.split("/");
    const weights =
      after.get(s) ??
      startsOf(engine, recording, Number(s), gradients, rule).then((starts) => weightsAfter(engine, recording, starts, rule));
    after.set(s, weights);
    const array = (await weights).get(parameter.join("/"));
    if (array === undefined) throw new RecordingError(`nothing computes ${name}`);
    return array;
  }

  const value: Values = (name) => {
    const reading = readings.get(name);
    if (reading === undefined) return updatedWeight(name);
    return origin(name).local ? readLocally(reading) : endToEnd(name);
  };
  return { hypothesis, readings, originOf: origin, value };
}
