/**
 * Computes the optimiser's steps of a recording. Step s starts from the recorded weights after step s − 1. Its gradient is the recorded one (s = 1), else the
 * gradient at those weights; the moments come from these gradients. What is not recorded is computed here (recording format, section 5).
 */
import { evaluate, upload, type HostArray, type Leaves } from "../../check/host.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { deitLogits } from "../../model/deit.ts";
import { parameterShapes } from "../../model/params.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { initialOptimizerState, optimise, type Optimisable, type Optimised, type Optimizer } from "../../train/optimizer/optimizer.ts";
import { weightOf } from "./networkInputs.ts";
import { RecordingError } from "../format/fields.ts";
import type { Recording } from "../format/read.ts";
import { computeTensors, gradientsAt } from "./compute.ts";
import type { Step } from "./steps.ts";
import { computeEndToEnd, type EndToEndInputs } from "./endToEnd.ts";

/** Parameters by name. */
export type Flat = Readonly<Record<string, Tensor>>;

/** One step of an optimiser, with the type of `optimise`: consumes params, state and grads. */
export type Rule = (
  k: Kernels,
  settings: Optimizer,
  before: Optimisable<Flat>,
  at: { readonly lr: number; readonly step: number },
) => Optimised<Flat>;

/** Number of the step and name of the parameter, from `after/1/head.bias`; step 0 for any other name. */
export function parameterOf(name: string): { readonly step: number; readonly parameter: string } {
  const [kind, step, ...parameter] = name.split("/");
  return kind === "after" ? { step: Number(step), parameter: parameter.join("/") } : { step: 0, parameter: "" };
}

/** What one step starts from. */
export interface StepStart {
  readonly weights: Leaves;
  readonly grads: Leaves;
}

/** The recorded arrays of all parameters; `compute` provides those that are not recorded. */
async function filled(
  names: readonly string[],
  recorded: (name: string) => HostArray | undefined,
  compute: (missing: readonly string[]) => Promise<Leaves>,
): Promise<Leaves> {
  const missing = names.filter((name) => recorded(name) === undefined);
  const computed = missing.length === 0 ? new Map<string, HostArray>() : await compute(missing);
  const arrayOf = (name: string): HostArray => {
    const array = recorded(name) ?? computed.get(name);
    if (array === undefined) throw new RecordingError(`nothing computes ${name}`);
    return array;
  };
  return new Map(names.map((name) => [name, arrayOf(name)]));
}

/** The weights after the last of these steps, each taken by `rule`. */
export function weightsAfter(engine: Engine, recording: Recording, starts: readonly StepStart[], rule: Rule = optimise): Promise<Leaves> {
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
      const before = { params: flat(weights), optimizer: state, grads: flat(grads), finite: null, skipped: null };
      const next = rule(k, settings, before, { lr: rates[i] ?? 0, step: i + 1 });
      [params, state] = [next.params, next.optimizer];
    }
    return params;
  });
}

/** Computes the gradients of parameters, by name. */
export interface Gradients {
  /** The gradients of these parameters, at the weights of the recording. */
  readonly atStart: (names: readonly string[]) => Promise<Leaves>;
  /** The gradients of all parameters, at other weights. */
  readonly at: (weights: Leaves) => Promise<Leaves>;
}

const withoutPrefix = (leaves: Leaves): Leaves =>
  new Map([...leaves].map(([name, array]) => [name.startsWith("grads/") ? name.slice("grads/".length) : name, array]));

/** The gradients of the right network. */
export const rightGradients = (engine: Engine, recording: Recording): Gradients => ({
  atStart: async (names) =>
    withoutPrefix(await computeTensors(engine, recording, new Set(names.map((name) => `grads/${name}`)), deitLogits)),
  at: (weights) => gradientsAt(engine, recording, weights),
});

/** The gradients of another list of steps. */
export function gradientsOfSteps(engine: Engine, recording: Recording, steps: readonly Step[]): Gradients {
  const all = [...parameterShapes(recording.configuration.model).keys()];
  const of = async (names: readonly string[], given: EndToEndInputs): Promise<Leaves> =>
    withoutPrefix(
      await computeEndToEnd(
        engine,
        recording,
        steps,
        names.map((name) => `grads/${name}`),
        given,
      ),
    );
  return { atStart: (names) => of(names, {}), at: (weights) => of(all, { weights }) };
}

/** What each step up to `last` starts from; weights that are not recorded are those that `rule` gives. */
export async function startsOf(
  engine: Engine,
  recording: Recording,
  last: number,
  gradients: Gradients = rightGradients(engine, recording),
  rule: Rule = optimise,
): Promise<readonly StepStart[]> {
  const shapes = parameterShapes(recording.configuration.model);
  const names = [...shapes.keys()];
  const given: Leaves = new Map([...shapes].map(([name, shape]) => [name, weightOf(recording, name, shape)]));

  const starts: StepStart[] = [];
  for (let s = 1; s <= last; s++) {
    if (s === 1) {
      starts.push({ weights: given, grads: await filled(names, (name) => recording.results.get(`grads/${name}`), gradients.atStart) });
      continue;
    }
    const before = [...starts];
    const recorded = (name: string): HostArray | undefined => recording.results.get(`after/${s - 1}/${name}`);
    const weights = await filled(names, recorded, () => weightsAfter(engine, recording, before, rule));
    starts.push({ weights, grads: await gradients.at(weights) });
  }
  return starts;
}
