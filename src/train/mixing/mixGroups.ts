/** Applies the mixes of a step: the batch is divided into equal groups, and each is mixed on its own (deit.md 7.9). */
import type { Kernels } from "../../kernels/kernels.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { cutMix } from "./cutMix.ts";
import type { Mix } from "./drawMix.ts";
import { mixup } from "./mixup.ts";

/** The groups of a batch, each changed by its own mix, [B, ...] → [B, ...]. @throws RangeError unless B is divided into equal groups */
function eachGroup(k: Kernels, x: Tensor, mixes: readonly Mix[], mixed: (group: Tensor, mix: Mix) => Tensor): Tensor {
  const [first] = mixes;
  if (first === undefined || mixes.every(({ kind }) => kind === "none")) return x;
  if (mixes.length === 1) return mixed(x, first);
  const size = axis(x.shape, 0) / mixes.length;
  if (!Number.isInteger(size)) throw new RangeError(`mixing: a batch of ${axis(x.shape, 0)} must divide into ${mixes.length} equal groups`);
  const groups = mixes.map((mix, g) => mixed(k.slice(x, 0, g * size, (g + 1) * size), mix));
  return k.concat(groups, 0);
}

/**
 * The images of a step, mixed by (E38) or (E39), [B, C, S, S] → [B, C, S, S].
 *
 * @param mixes one for each group, in their order; none: the images stay as they are
 * @throws RangeError unless B divides into equal groups; ShapeError for a group that is mixed and odd
 */
export const mixImages = (k: Kernels, x: Tensor, mixes: readonly Mix[]): Tensor =>
  eachGroup(k, x, mixes, (group, mix) => {
    if (mix.kind === "none") return group;
    return mix.kind === "mixup" ? mixup.run(k, { x: group }, { lambda: mix.lambda }) : cutMix.run(k, { x: group }, mix.box);
  });

/**
 * The smoothed targets of a step, mixed by (E33), [B, K] → [B, K], as its images are.
 *
 * @throws RangeError and ShapeError as `mixImages`
 */
export const mixTargets = (k: Kernels, x: Tensor, mixes: readonly Mix[]): Tensor =>
  eachGroup(k, x, mixes, (group, mix) => (mix.kind === "none" ? group : mixup.run(k, { x: group }, { lambda: mix.lambda })));
