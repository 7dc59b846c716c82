/**
 * Which parameters weight decay acts on (deit.md 7.4): convolution kernels and matrices, but not vectors, the class token or the positions.
 * The authors' rule decays the distillation token; current timm does not.
 */
import type { Decays } from "./adamw.ts";

/** Whose list of parameters without weight decay: the authors' or current timm's. */
export type DecayRule = "deit" | "timm";

const undecayed: { readonly [rule in DecayRule]: readonly string[] } = {
  deit: ["cls_token", "pos_embed"],
  timm: ["cls_token", "pos_embed", "dist_token"],
};

/** The rule of that name; `deit` is the default everywhere. */
export const decaysOf =
  (rule: DecayRule): Decays =>
  (name, shape) =>
    shape.length > 1 && !undecayed[rule].includes(name);
