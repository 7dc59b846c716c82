/** The type of a law, and what laws use: outputs, gradients and cotangents of one random call. */
import type { Engine } from "../../kernels/engine.ts";
import type { Draw } from "../draw.ts";
import { evaluate, type HostArray, type Leaves } from "../host.ts";
import type { CotangentOf, Trial } from "./subject.ts";
import type { Tolerance } from "../tolerance.ts";

/** A law that every op must obey, as an error that is measured on one random call. */
export interface Law {
  /** `shapes`, `value`, `gradients` and so on. */
  readonly name: string;
  /** The law in a sentence. */
  readonly says: string;
  /** The largest error allowed, for an engine of each precision. */
  readonly tolerance: Tolerance;
  /** The error of one call; `reference` is an f64 engine, with whose gradients those in f32 are compared. */
  readonly error: (engine: Engine, trial: Trial, draw: Draw, reference: Engine) => Promise<number>;
}

/** Cotangents that are drawn once for each leaf, at its first use; `drawn` holds those so far. */
export function drawnCotangents(draw: Draw): { readonly cotangentOf: CotangentOf; readonly drawn: Leaves } {
  const drawn = new Map<string, HostArray>();
  const cotangentOf: CotangentOf = (name, shape) => {
    const cotangent = drawn.get(name) ?? draw.array(shape);
    drawn.set(name, cotangent);
    return cotangent;
  };
  return { cotangentOf, drawn };
}

/** All differentiated outputs. */
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
