/**
 * Runs the loss and the gradients of a step under observation, and finds the first tensor, in the order of execution, that is not finite: an input,
 * an output of the forward pass, the loss, or a gradient. If all are finite, it is the first one whose magnitude is beyond a limit.
 */
import type { Engine } from "../../kernels/engine.ts";
import type { Call, Kernels, Visitor } from "../../kernels/kernels.ts";
import { observe } from "../../ops/observe.ts";
import type { Key } from "../../tensor/key.ts";
import type { Shape, Tensor } from "../../tensor/tensor.ts";
import { named } from "../../tensor/tree.ts";
import { extremesOf, type Element, type Extremes } from "./extremes.ts";

/** What a step learns from, on an engine. */
export interface MixedTensors {
  /** [B, C, S, S], augmented, normalised, erased and mixed. */
  readonly images: Tensor;
  /** q, [B, K], smoothed and mixed. */
  readonly target: Tensor;
  /** z_t, [B, K]; null: no teacher. */
  readonly teacher: Tensor | null;
}

/** The parameters and buffers of a network. */
interface Network<Params, Buffers> {
  readonly params: Params;
  readonly buffers: Buffers;
}

/** The loss of a batch and its gradients, as a training's task computes them. */
export type LossAndGrads<Params, Buffers> = (
  k: Kernels,
  model: Network<Params, Buffers>,
  batch: MixedTensors,
  key: Key,
  dLoss: Tensor,
) => { readonly loss: Tensor; readonly grads: Params };

/** A step that is to be traced. */
export interface TracedStep<Params, Buffers> {
  readonly lossAndGrads: LossAndGrads<Params, Buffers>;
  /** Uploads the network as it was before the step. */
  readonly model: (k: Kernels) => Network<Params, Buffers>;
  /** Uploads the batch. */
  readonly batch: (k: Kernels) => MixedTensors;
  /** Of the step. */
  readonly key: Key;
  /** The cotangent of the loss; 1 if the loss is not scaled. */
  readonly lossScale: number;
}

/** What a tensor is in a step. */
export type Role = "images" | "target" | "teacher" | "parameter" | "buffer" | "output" | "loss" | "gradient";

/** A tensor of a step. */
interface Place {
  readonly role: Role;
  /** A parameter's name, or the path of an op; of images, targets and the loss its own name. */
  readonly path: string;
  /** The input of the op whose gradient it is; null: it is the gradient of the op's output, or no gradient. */
  readonly input: string | null;
  readonly shape: Shape;
}

/** The tensor that was looked for. */
export interface Found extends Place {
  /** Whether it is finite, but beyond the limit. */
  readonly beyond: boolean;
  /** Its first number that is not finite, or the largest. */
  readonly element: Element;
  /** Which image of the batch the number belongs to; null: the tensor is not one of images, such as a parameter. */
  readonly image: number | null;
}

/** A tensor that was computed, and its extremes. */
interface Seen {
  readonly place: Place;
  readonly reading: Promise<Extremes>;
}

/** Notes each tensor once, in the order in which they are computed. */
function notebook(engine: Engine): { readonly seen: readonly Seen[]; readonly note: (t: Tensor, place: Omit<Place, "shape">) => void } {
  const seen: Seen[] = [];
  const known = new WeakSet<Tensor>(); // an op often returns what a part of it has computed
  const note = (t: Tensor, place: Omit<Place, "shape">): void => {
    if (known.has(t)) return;
    known.add(t);
    seen.push({ place: { ...place, shape: t.shape }, reading: extremesOf(engine, t) });
  };
  return { seen, note };
}

/** A visitor that notes every output and every gradient. */
function noting(note: (t: Tensor, place: Omit<Place, "shape">) => void): Visitor {
  const noteAll = (role: Role, { path }: Call, tree: unknown): void => {
    for (const [input, t] of named(tree)) note(t, { role, path, input });
  };
  return {
    // the output of a forward, or the cotangent that comes into a VJP, as other visitors have replaced it
    replace: (call, t) => {
      note(t, { role: call.phase === "vjp" ? "gradient" : "output", path: call.path, input: null });
      return t;
    },
    after: (call, out) => {
      if (call.phase === "vjp") noteAll("gradient", call, out);
      if (call.phase === "run") noteAll("output", call, out);
    },
  };
}

/** Which image a number belongs to, if the first axis of its tensor is that of the images. */
function imageOf({ role, input, shape }: Place, { index }: Element, B: number): number | null {
  const ofImages = role !== "parameter" && role !== "buffer" && !(input?.startsWith("params") ?? false);
  if (!ofImages || shape[0] !== B) return null;
  return Math.floor(index / shape.slice(1).reduce((product, length) => product * length, 1));
}

/**
 * The first tensor of the step that is not finite, or else the first beyond the limit; null: there is neither.
 *
 * @param engine the reference engine, whose f64 has room for what overflows elsewhere
 * @param limit the largest number of the precision in which the step has failed
 */
export async function firstBad<P, B>(engine: Engine, step: TracedStep<P, B>, limit: number): Promise<Found | null> {
  const { seen, note } = notebook(engine);
  const { kernels: k } = engine;
  let count = 0;
  k.region("trace", () => {
    const batch = step.batch(k);
    const model = step.model(k);
    count = batch.images.shape[0] ?? 0;
    for (const role of ["images", "target", "teacher"] as const) {
      const t = batch[role];
      if (t !== null) note(t, { role, path: role, input: null });
    }
    for (const [path, t] of named(model.params)) note(t, { role: "parameter", path, input: null });
    for (const [path, t] of named(model.buffers)) note(t, { role: "buffer", path, input: null });
    const dLoss = k.upload([], [step.lossScale]);
    const { loss } = step.lossAndGrads(observe(k, noting(note)), model, batch, step.key, dLoss);
    note(loss, { role: "loss", path: "loss", input: null });
    return null;
  });
  const looked = await Promise.all(seen.map(async ({ place, reading }) => ({ place, ...(await reading) })));
  const found = (place: Place, element: Element, beyond: boolean): Found => ({
    ...place,
    beyond,
    element,
    image: imageOf(place, element, count),
  });
  for (const { place, notFinite } of looked) if (notFinite !== null) return found(place, notFinite, false);
  for (const { place, largest } of looked) if (Math.abs(largest.value) > limit) return found(place, largest, true);
  return null;
}
