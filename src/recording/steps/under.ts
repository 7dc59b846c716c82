/** The value of any result of a recording under a hypothesis: from the recording's own values where they are there, else from the images on. */
import type { HostArray, Leaves } from "../../check/host.ts";
import type { Engine } from "../../kernels/engine.ts";
import { RecordingError } from "../format/fields.ts";
import type { Hypothesis } from "./hypothesis.ts";
import { gradientsOfSteps, startsOf, weightsAfter } from "./later.ts";
import { localRun, type Values } from "./local.ts";
import { resultOf, type Recording } from "../format/read.ts";
import { laterOrigin, originOf, passReadings, type Origin, type Reading } from "./readings.ts";
import { isTiny } from "./run.ts";
import { computeUnder } from "./whole.ts";

/** The recording's own values. */
export const recordedValues =
  (recording: Recording): Values =>
  (name) =>
    Promise.resolve(resultOf(recording, name));

/** A hypothesis, and what it makes of a recording. */
export interface Under {
  readonly hypothesis: Hypothesis;
  readonly readings: ReadonlyMap<string, Reading>;
  readonly originOf: (name: string) => Origin;
  readonly value: Values;
}

/** Computes a result when it is asked for. */
export function under(engine: Engine, recording: Recording, hypothesis: Hypothesis): Under {
  const { steps, rule } = hypothesis;
  const readings = new Map(passReadings(recording, steps).map((reading) => [reading.name, reading]));
  const origin = (name: string): Origin => {
    const reading = readings.get(name);
    return reading === undefined ? laterOrigin(name, recording) : originOf(reading, recording);
  };

  const near = localRun(engine, recording, recordedValues(recording));
  let whole: Promise<Leaves> | null = null;
  /** Of a tiny network all that is recorded and not local, in one run. */
  async function far(name: string): Promise<HostArray> {
    if (isTiny(recording)) {
      const names = [...recording.results.keys()].filter((other) => readings.has(other) && !origin(other).local);
      whole ??= computeUnder(engine, recording, steps, names);
      const known = (await whole).get(name);
      if (known !== undefined) return known;
    }
    const array = (await computeUnder(engine, recording, steps, [name])).get(name);
    if (array === undefined) throw new RecordingError(`nothing computes ${name}`);
    return array;
  }

  const gradients = gradientsOfSteps(engine, recording, steps);
  const after = new Map<string, Promise<Leaves>>();
  async function later(name: string): Promise<HostArray> {
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
    if (reading === undefined) return later(name);
    return origin(name).local ? near(reading) : far(name);
  };
  return { hypothesis, readings, originOf: origin, value };
}
