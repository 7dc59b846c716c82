/**
 * The optimiser's steps of a recording. Step s starts from the recorded weights after step s − 1; its gradient is the recorded one (s = 1), else the
 * one at those weights; the moments come from these gradients. Own values stand in for what is not recorded (recording format, section 5).
 */
import { evaluate, upload, type HostArray, type Leaves } from "../check/host.ts";
import type { Engine } from "../kernels/engine.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { deitLogits } from "../model/deit.ts";
import { parameterShapes } from "../model/params.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { initialOptimizerState, optimise, type Optimisable, type Optimised, type Optimizer } from "../train/optimizer.ts";
import { weightOf } from "./build.ts";
import { RecordingError } from "./fields.ts";
import type { Recording } from "./read.ts";
import { computeTensors, gradientsAt } from "./run.ts";

/** Parameters by name. */
export type Flat = Readonly<Record<string, Tensor>>;

/** One step of an optimiser, as `optimise` has it: consumes params, state and grads. */
export type Rule = (
  k: Kernels,
  settings: Optimizer,
  before: Optimisable<Flat>,
  at: { readonly lr: number; readonly step: number },
) => Optimised<Flat>;

/** What one step starts from. */
export interface Start {
  readonly weights: Leaves;
  readonly grads: Leaves;
}

/** The recorded arrays of all parameters; `own` makes those that are not recorded. */
async function filled(
  names: readonly string[],
  recorded: (name: string) => HostArray | undefined,
  own: (missing: readonly string[]) => Promise<Leaves>,
): Promise<Leaves> {
  const missing = names.filter((name) => recorded(name) === undefined);
  const made = missing.length === 0 ? new Map<string, HostArray>() : await own(missing);
  const arrayOf = (name: string): HostArray => {
    const array = recorded(name) ?? made.get(name);
    if (array === undefined) throw new RecordingError(`nothing computes ${name}`);
    return array;
  };
  return new Map(names.map((name) => [name, arrayOf(name)]));
}

/** The weights after the last of these steps, each taken by `rule`. */
export function weightsAfter(engine: Engine, recording: Recording, starts: readonly Start[], rule: Rule = optimise): Promise<Leaves> {
  const { optimizer } = recording.configuration;
  return evaluate(engine, (k) => {
    if (optimizer === null) throw new RecordingError("there is no optimizer");
    const { lr: rates, ...settings } = optimizer;
    const flat = (leaves: Leaves): Flat => upload<Flat>(k, Object.fromEntries(leaves));
    const [first] = starts;
    let state = first === undefined ? null : initialOptimizerState(k, settings, flat(first.weights));
    let params: Flat = {};
    for (const [i, { weights, grads }] of starts.entries()) {
      if (state === null) break;
      const before = { params: flat(weights), optimizer: state, grads: flat(grads), accepted: null, skipped: null };
      const next = rule(k, settings, before, { lr: rates[i] ?? 0, step: i + 1 });
      [params, state] = [next.params, next.optimizer];
    }
    return params;
  });
}

/** What the steps up to `last` start from, one after the other; own weights are those that the right rule makes. */
export async function startsOf(engine: Engine, recording: Recording, last: number): Promise<readonly Start[]> {
  const shapes = parameterShapes(recording.configuration.model);
  const names = [...shapes.keys()];
  const given: Leaves = new Map([...shapes].map(([name, shape]) => [name, weightOf(recording, name, shape)]));
  const ownGradients = async (missing: readonly string[]): Promise<Leaves> => {
    const own = await computeTensors(engine, recording, new Set(missing.map((name) => `grads/${name}`)), deitLogits);
    return new Map([...own].map(([name, array]) => [name.slice("grads/".length), array]));
  };

  const starts: Start[] = [];
  for (let s = 1; s <= last; s++) {
    if (s === 1) {
      starts.push({ weights: given, grads: await filled(names, (name) => recording.results.get(`grads/${name}`), ownGradients) });
      continue;
    }
    const before = [...starts];
    const later = (name: string): HostArray | undefined => recording.results.get(`after/${s - 1}/${name}`);
    const weights = await filled(names, later, () => weightsAfter(engine, recording, before));
    starts.push({ weights, grads: await gradientsAt(engine, recording, weights) });
  }
  return starts;
}
