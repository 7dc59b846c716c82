/** The right value of any result of a recording, on an engine: from the recording's own values where they are there, else from the images on. */
import type { HostArray, Leaves } from "../check/host.ts";
import type { Engine } from "../kernels/engine.ts";
import { RecordingError } from "./fields.ts";
import { startsOf, weightsAfter } from "./later.ts";
import { localRun, ownValues, type Values } from "./local.ts";
import { resultOf, type Recording } from "./read.ts";
import { originOf, passReadings } from "./readings.ts";

/** The recording's own values. */
export const recordedValues =
  (recording: Recording): Values =>
  (name) =>
    Promise.resolve(resultOf(recording, name));

/** Computes one result at a time; what several need is kept. */
export function rightValues(engine: Engine, recording: Recording): Values {
  const readings = new Map(passReadings(recording).map((reading) => [reading.name, reading]));
  const near = localRun(engine, recording, recordedValues(recording));
  const far = ownValues(engine, recording);
  const steps = new Map<number, Promise<Leaves>>();

  function after(s: number): Promise<Leaves> {
    const known = steps.get(s);
    if (known !== undefined) return known;
    const weights = startsOf(engine, recording, s).then((starts) => weightsAfter(engine, recording, starts));
    steps.set(s, weights);
    return weights;
  }

  async function later(name: string): Promise<HostArray> {
    const [, step, ...parameter] = name.split("/");
    const array = (await after(Number(step))).get(parameter.join("/"));
    if (array === undefined) throw new RecordingError(`nothing computes ${name}`);
    return array;
  }

  return (name) => {
    const reading = readings.get(name);
    if (reading === undefined) return later(name);
    return originOf(reading, recording).local ? near(reading) : far(name);
  };
}
