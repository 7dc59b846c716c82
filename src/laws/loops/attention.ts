/**
 * The attention core by loops: N queries, k keys and values, for each group g of all leading axes.
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
import { softmax, softmaxPullback } from "./softmax.ts";

/** A tabulated [groups, rows, columns], with the leading axes of `like`. */
const grouped = (like: HostArray, rows: number, columns: number, f: (g: number, i: number, j: number) => number): HostArray => {
  const lead: Shape = like.shape.slice(0, -2);
  return reshaped(tabulate([axis(asGroups(like).shape, 0), rows, columns], f), [...lead, rows, columns]);
};

/** S, [..., N, k]. */
export function scores({ q, k }: Host<ScoresInputs>): HostArray {
  const [Q, K] = [asGroups(q), asGroups(k)];
  const [, N = 0, d = 0] = Q.shape;
  return grouped(q, N, axis(K.shape, 1), (g, i, j) => sum(d, (c) => at(Q, g, i, c) * at(K, g, j, c)) / Math.sqrt(d));
}

/** O, [..., N, d]. */
export function mix(probs: HostArray, v: HostArray): HostArray {
  const [A, V] = [asGroups(probs), asGroups(v)];
  const [, N = 0, pairs = 0] = A.shape;
  return grouped(v, N, axis(V.shape, 2), (g, i, c) => sum(pairs, (j) => at(A, g, i, j) * at(V, g, j, c)));
}

/** S, A and O; A is what is masked before it mixes. */
export interface AttentionValues {
  readonly scores: HostArray;
  readonly probs: HostArray;
  readonly mix: HostArray;
}

export function attention({ q, k, v }: Host<AttentionInputs>, mask: HostArray | null = null): AttentionValues {
  const S = scores({ q, k });
  const A = softmax(S);
  return { scores: S, probs: A, mix: mix(masked(A, mask), v) };
}

/** Cotangents of A and S on the way, and of the inputs. */
export interface AttentionCotangents extends Host<AttentionInputs> {
  readonly probs: HostArray;
  readonly scores: HostArray;
}

/** (G12) */
export function attentionPullback({ q, k, v }: Host<AttentionInputs>, dO: HostArray): AttentionCotangents {
  const { probs } = attention({ q, k, v });
  const [A, Q, K, V, dOut] = [asGroups(probs), asGroups(q), asGroups(k), asGroups(v), asGroups(dO)];
  const [, N = 0, pairs = 0] = A.shape;
  const [, , d = 0] = Q.shape;
  const dV = grouped(v, pairs, d, (g, j, c) => sum(N, (i) => at(A, g, i, j) * at(dOut, g, i, c)));
  const dA = grouped(q, N, pairs, (g, i, j) => sum(d, (c) => at(dOut, g, i, c) * at(V, g, j, c)));
  const dS = softmaxPullback(probs, dA);
  const dSg = asGroups(dS);
  const dQ = grouped(q, N, d, (g, i, c) => sum(pairs, (j) => at(dSg, g, i, j) * at(K, g, j, c)) / Math.sqrt(d));
  const dK = grouped(k, pairs, d, (g, j, c) => sum(N, (i) => at(dSg, g, i, j) * at(Q, g, i, c)) / Math.sqrt(d));
  return { q: dQ, k: dK, v: dV, probs: dA, scores: dS };
}
