/**
 * Position embeddings, which are added to the tokens: learned ones, and the fixed sine–cosine alternative.
 *
 *   (E2), (E3)  X₀ = X + pos                              pos ∈ R^{1×T×D}
 *   (E34)       pos[t, 2i] = sin(t·10000^(−2i/D))         pos[t, 2i+1] = cos(t·10000^(−2i/D))        D even
 *
 *   (G16)       pos̄ = Σ_b X̄₀
 */
import type { Kernels } from "../kernels/kernels.ts";
import { axis, type Tensor } from "../tensor/tensor.ts";
import { defineOp, type Grads, type Op, type Result } from "./op.ts";

/** What `addPosition` differentiates. */
export interface PositionInputs {
  /** [B, T, D] */
  readonly x: Tensor;
  /** pos, [1, T, D]. */
  readonly pos: Tensor;
}

function forward(k: Kernels, { x, pos }: PositionInputs): Result<Tensor, null> {
  const [, T = 0, D = 0] = pos.shape;
  return { out: k.add(x, k.reshape(pos, [T, D])), saved: null };
}

function vjp(k: Kernels, _: null, dX: Tensor): Grads<PositionInputs> {
  return { x: dX, pos: k.reshape(k.sumLeading(dX, 1), [1, axis(dX.shape, 1), axis(dX.shape, 2)]) }; // (G16)
}

/** [B, T, D] → [B, T, D] */
export const addPosition: Op<PositionInputs, null> = defineOp({
  name: "addPosition",
  shapes: { inputs: { x: "B T D", pos: "1 T D" }, out: "B T D" },
  forward,
  vjp,
});

/** The base of the wavelengths (Vaswani et al. 2017, section 3.5). */
const LONGEST = 10000;

/**
 * Fixed position embedding (E34), row-major [T, D] on the host.
 *
 * @throws RangeError if D is odd
 */
export function sineCosine(T: number, D: number): Float64Array {
  if (D % 2 !== 0) throw new RangeError(`sineCosine: D must be even, got ${D}`);
  const pos = new Float64Array(T * D);
  for (let t = 0; t < T; t++)
    for (let i = 0; i < D / 2; i++) {
      const angle = t * LONGEST ** ((-2 * i) / D);
      pos[t * D + 2 * i] = Math.sin(angle);
      pos[t * D + 2 * i + 1] = Math.cos(angle);
    }
  return pos;
}
