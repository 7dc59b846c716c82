/** Layers that several components of a graph share. */
import type { GraphBuilder } from "./graph.ts";

/** In the shape of a Reshape node: keep the length of this axis. */
const SAME = 0;

/** X Wᵀ + b, [..., in] → [..., out]; W is [out, in], as checkpoints store it. */
export function linear(g: GraphBuilder, name: string, x: string): string {
  const transposed = g.node("Transpose", `${name}.transpose`, [g.weight(`${name}.weight`)], { perm: [1, 0] });
  const product = g.node("MatMul", `${name}.product`, [x, transposed]);
  return g.node("Add", name, [product, g.weight(`${name}.bias`)]);
}

/** γ ⊙ x̂ + β over the last axis. */
export const layerNorm = (g: GraphBuilder, name: string, x: string, eps: number): string =>
  g.node("LayerNormalization", name, [x, g.weight(`${name}.weight`), g.weight(`${name}.bias`)], { axis: -1, epsilon: { float: eps } });

/** (E9): ½ x (1 + erf(x/√2)) */
export function gelu(g: GraphBuilder, name: string, x: string): string {
  const scaled = g.node("Div", `${name}.scaled`, [x, g.constant("sqrt_2", [], [Math.SQRT2])]);
  const erf = g.node("Erf", `${name}.erf`, [scaled]);
  const sum = g.node("Add", `${name}.sum`, [erf, g.constant("one", [], [1])]);
  const doubled = g.node("Mul", `${name}.doubled`, [x, sum]);
  return g.node("Mul", name, [doubled, g.constant("half", [], [0.5])]);
}

/** To [B, ...shape]. */
export const reshape = (g: GraphBuilder, name: string, x: string, shape: readonly number[]): string =>
  g.node("Reshape", name, [x, g.integers(`${name}.shape`, [SAME, ...shape])]);

export const transpose = (g: GraphBuilder, name: string, x: string, order: readonly number[]): string =>
  g.node("Transpose", name, [x], { perm: order });

/** The slice at an index of an axis, without that axis. */
export const at = (g: GraphBuilder, name: string, x: string, { axis, index }: { readonly axis: number; readonly index: number }): string =>
  g.node("Gather", name, [x, g.integers(`${name}.index`, index)], { axis });
