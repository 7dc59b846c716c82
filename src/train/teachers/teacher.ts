/** A teacher while the student learns from it, and several as one. */
import type { Kernels } from "../../kernels/kernels.ts";
import { meanOfTeachers } from "../../losses/meanOfTeachers.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Accuracy } from "../evaluation/accuracy.ts";

/** Images that a network takes, [B, C, S, S], → logits [B, K], in evaluation mode and without gradient. */
export type Predict = (k: Kernels, images: Tensor) => Tensor;

/** The same in a region of its own: only the logits remain. */
export const within =
  (predict: Predict): Predict =>
  (k, images) =>
    k.region("teacher", () => predict(k, images));

/** A trained network that gives its logits to the student. */
export interface Teacher {
  /** For messages and the report. */
  readonly name: string;
  /**
   * z_t, [B, K], of the batch that the student gets: normalised, augmented, mixed, [B, C, S, S]. In evaluation mode, no gradient. It is computed for
   * each batch anew: views are drawn afresh, so that a cache would hardly ever be hit. A promise only from a teacher that runs on the host (ONNX).
   */
  readonly logits: (k: Kernels, images: Tensor) => Tensor | Promise<Tensor>;
  /** On the test images; null: it was not measured. */
  readonly accuracy: Accuracy | null;
  /** Frees what it holds. */
  readonly release: () => void | Promise<void>;
}

/** Applies `use` to logits as soon as all of them are there: at once, unless some are promised. */
export function whenAll(
  given: readonly (Tensor | Promise<Tensor>)[],
  use: (logits: readonly Tensor[]) => Tensor,
): Tensor | Promise<Tensor> {
  const here = given.filter((z): z is Tensor => !(z instanceof Promise));
  return here.length === given.length ? use(here) : Promise.all(given.map((z) => Promise.resolve(z))).then(use);
}

/** z_t of several teachers; the logits of a single one as they are. Frees the logits of the single ones. */
export function combined(k: Kernels, logits: readonly Tensor[]): Tensor {
  const [only, ...more] = logits;
  if (only !== undefined && more.length === 0) return only;
  const z = k.region("teachers", () => meanOfTeachers(k, logits));
  k.donate(logits);
  return z;
}

/** Several teachers as one, which gives the mean of their distributions; a single one as it is; null: none. */
export function togetherOf(teachers: readonly Teacher[]): Teacher | null {
  const [first, ...more] = teachers;
  if (first === undefined || more.length === 0) return first ?? null;
  return {
    name: teachers.map(({ name }) => name).join(" + "),
    logits: (k, images) =>
      whenAll(
        teachers.map(({ logits }) => logits(k, images)),
        (all) => combined(k, all),
      ),
    accuracy: null,
    release: async () => {
      for (const { release } of teachers) await release();
    },
  };
}
