/** What a law is, and what laws are made of: outputs, gradients and cotangents of one drawn call. */
import type { Engine } from "../../kernels/engine.ts";
import type { Draw } from "../draw.ts";
import { evaluate, type HostArray, type Leaves } from "../host.ts";
import type { CotangentOf, Trial } from "./subject.ts";
import type { Tolerance } from "../tolerance.ts";

/** What every op owes, as an error to measure on one drawn call. */
export interface Law {
  /** `shapes`, `value`, `gradients` and so on. */
  readonly name: string;
  /** The claim in a sentence. */
  readonly says: string;
  /** Largest error that holds, for an engine of each precision. */
  readonly tolerance: Tolerance;
  /** How far one call is from the claim; `reference` is an engine of f64 that gradients in f32 are held to. */
  readonly error: (engine: Engine, trial: Trial, draw: Draw, reference: Engine) => Promise<number>;
}

/** Cotangents that are drawn once for each leaf and then stay; `drawn` are those that were asked for. */
export function drawnCotangents(draw: Draw): { readonly cotangentOf: CotangentOf; readonly drawn: Leaves } {
  const drawn = new Map<string, HostArray>();
  const cotangentOf: CotangentOf = (name, shape) => {
    const cotangent = drawn.get(name) ?? draw.array(shape);
    drawn.set(name, cotangent);
    return cotangent;
  };
  return { cotangentOf, drawn };
}

/** All outputs that are differentiated. */
export const outputs = async (engine: Engine, trial: Trial, moved: Leaves): Promise<Leaves> => {
  const leaves = await evaluate(engine, (k) => trial.forward(k, moved).out);
  return new Map([...leaves].filter(([name]) => !name.split(".").includes("constant")));
};

export const gradients = (engine: Engine, trial: Trial, cotangentOf: CotangentOf): Promise<Leaves> =>
  evaluate(engine, (k) => trial.gradients(k, cotangentOf));

export const mapLeaves = (leaves: Leaves, f: (a: HostArray, name: string) => HostArray): Leaves =>
  new Map([...leaves].map(([name, a]) => [name, f(a, name)]));
/** a + s·b */
export const combine = (a: HostArray, s: number, b: HostArray | undefined): HostArray => ({
  shape: a.shape,
  data: a.data.map((x, i) => x + s * (b?.data[i] ?? 0)),
});
