/**
 * Which parameters weight decay acts on (deit.md 7.4): the kernels and matrices, not the vectors, the class token or the positions.
 * The authors' rule decays the distillation token, today's timm does not.
 */
import type { Decays } from "./adamw.ts";

/** Which parameters have no weight decay: by the authors' list, or by current timm's. */
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
