/**
 * The attention core by loops: Tq queries, Tk keys and values, for each group g of all leading axes.
 *
 *   (E7)   S_gij = d^(−½) Σ_c Q_gic K_gjc      A_gi = σ(S_gi)      O_gic = Σ_j A_gij V_gjc
 *
 *   (G12)  V̄_gjc = Σ_i A_gij Ō_gic             Ā_gij = Σ_c Ō_gic V_gjc
 *          S̄_gij = A_gij (Ā_gij − Σ_l Ā_gil A_gil)
 *          Q̄_gic = d^(−½) Σ_j S̄_gij K_gjc      K̄_gjc = d^(−½) Σ_i S̄_gij Q_gic
 */
import type { Host, HostArray } from "../../check/host.ts";
import type { AttentionInputs, ScoresInputs } from "../../ops/attention.ts";
import { axis, type Shape } from "../../tensor/tensor.ts";
import { at, sum, tabulate } from "./matrix.ts";
import { asGroups, masked, reshaped } from "./rows.ts";
import { softmax, softmaxVjp } from "./softmax.ts";

/** `tabulate` for [groups, rows, columns], reshaped to the leading axes of `like`. */
const grouped = (like: HostArray, rows: number, columns: number, f: (g: number, i: number, j: number) => number): HostArray => {
  const lead: Shape = like.shape.slice(0, -2);
  return reshaped(tabulate([axis(asGroups(like).shape, 0), rows, columns], f), [...lead, rows, columns]);
};

/** S, [..., Tq, Tk]. */
export function scores({ q, keys }: Host<ScoresInputs>): HostArray {
  const [Q, K] = [asGroups(q), asGroups(keys)];
  const [, Tq = 0, d = 0] = Q.shape;
  return grouped(q, Tq, axis(K.shape, 1), (g, i, j) => sum(d, (c) => at(Q, g, i, c) * at(K, g, j, c)) / Math.sqrt(d));
}

/** O, [..., Tq, d]. */
export function mix(probs: HostArray, values: HostArray): HostArray {
  const [A, V] = [asGroups(probs), asGroups(values)];
  const [, Tq = 0, Tk = 0] = A.shape;
  return grouped(values, Tq, axis(V.shape, 2), (g, i, c) => sum(Tk, (j) => at(A, g, i, j) * at(V, g, j, c)));
}

/** S, A before dropout, and O. */
export interface AttentionValues {
  readonly scores: HostArray;
  readonly probs: HostArray;
  readonly mix: HostArray;
}

export function attention(inputs: Host<AttentionInputs>, mask: HostArray | null = null): AttentionValues {
  const S = scores(inputs);
  const A = softmax(S);
  return { scores: S, probs: A, mix: mix(masked(A, mask), inputs.values) };
}

/** The cotangents of A, of S and of the inputs. */
export interface AttentionCotangents extends Host<AttentionInputs> {
  readonly probs: HostArray;
  readonly scores: HostArray;
}

/** (G12) */
export function attentionVjp(inputs: Host<AttentionInputs>, dO: HostArray): AttentionCotangents {
  const { q, keys, values } = inputs;
  const { probs } = attention(inputs);
  const [A, Q, K, V, dOut] = [asGroups(probs), asGroups(q), asGroups(keys), asGroups(values), asGroups(dO)];
  const [, Tq = 0, Tk = 0] = A.shape;
  const [, , d = 0] = Q.shape;
  const dV = grouped(values, Tk, d, (g, j, c) => sum(Tq, (i) => at(A, g, i, j) * at(dOut, g, i, c)));
  const dA = grouped(q, Tq, Tk, (g, i, j) => sum(d, (c) => at(dOut, g, i, c) * at(V, g, j, c)));
  const dS = softmaxVjp(probs, dA);
  const dSg = asGroups(dS);
  const dQ = grouped(q, Tq, d, (g, i, c) => sum(Tk, (j) => at(dSg, g, i, j) * at(K, g, j, c)) / Math.sqrt(d));
  const dK = grouped(keys, Tk, d, (g, j, c) => sum(Tq, (i) => at(dSg, g, i, j) * at(Q, g, i, c)) / Math.sqrt(d));
  return { q: dQ, keys: dK, values: dV, probs: dA, scores: dS };
}
