/**
 * Attention by rows, O = A V, without storing a row of A. A key's weight is e^(s − most), and where `most` changes, O and the sum of the weights
 * are multiplied by e^(old − new). `most` need not be the largest score: it changes only when a weight would exceed e^SLACK, which is rare.
 *
 * The VJP has the recompute form of (G12): a = e^(s − λ), and with α = ⟨ō, o⟩ of the query's row
 *
 *   s̄ = a (⟨ō, v⟩ − α)      q̄ = d^(−½) Σ_keys s̄ k      k̄ = d^(−½) Σ_queries s̄ q      v̄ = Σ_queries a ō
 */
import { memoized, type Program } from "../../program.ts";
import {
  dKeysOperands,
  dQueriesOperands,
  forwardOperands,
  LOWEST,
  SLACK,
  type AttentionStorage,
  type AttentionVjpStorage,
} from "./operands.ts";
import { addTo, dot, held, overOthers, rowProgram, times, written, zeros, type RowFormat } from "./rows.ts";

export const forwardRows: (format: RowFormat, stored: AttentionStorage) => Program = memoized(
  (format: RowFormat, stored: AttentionStorage) => {
    const operands = forwardOperands(stored);
    return rowProgram(
      operands,
      format,
      (scope) => `${held("q", scope, format, "p.scale")}${zeros("sum_o", format)}var most = ${LOWEST};
var sum = 0.0;
${overOthers(
  operands.others,
  format,
  () => `${dot("s", "q", "k", format)}if (s > most + ${SLACK}.0) {
let shrink = power(most - s);
most = s;
sum *= shrink;
${times("sum_o", "shrink", format)}}
let a = power(s - most);
sum += a;
${addTo("sum_o", "a", "v", format)}`,
)}if (${scope.there}) {
store_logSum(${scope.row}, most + log_of(sum));
let share = 1.0 / sum;
${times("sum_o", "share", format)}${written("o", "sum_o", scope, format)}}`,
    );
  },
);

export const dQueriesRows: (format: RowFormat, stored: AttentionVjpStorage) => Program = memoized(
  (format: RowFormat, stored: AttentionVjpStorage) => {
    const operands = dQueriesOperands(stored);
    return rowProgram(
      operands,
      format,
      (
        scope,
      ) => `${held("q", scope, format, "p.scale")}${held("dO", scope, format)}${held("o", scope, format)}${dot("own_alpha", "dO", "o", format)}if (${scope.there}) { store_alpha(${scope.row}, own_alpha); }
let own_logSum = load_logSum(${scope.row});
${zeros("sum_dq", format)}${overOthers(
        operands.others,
        format,
        () => `${dot("s", "q", "k", format)}${dot("da", "dO", "v", format)}let ds = power(s - own_logSum) * (da - own_alpha);
${addTo("sum_dq", "ds", "k", format)}`,
      )}if (${scope.there}) {
${times("sum_dq", "p.scale", format)}${written("dq", "sum_dq", scope, format)}}`,
    );
  },
);

export const dKeysRows: (format: RowFormat, stored: AttentionVjpStorage) => Program = memoized(
  (format: RowFormat, stored: AttentionVjpStorage) => {
    const operands = dKeysOperands(stored);
    return rowProgram(
      operands,
      format,
      (
        scope,
      ) => `${held("k", scope, format, "p.scale")}${held("v", scope, format)}${zeros("sum_dk", format)}${zeros("sum_dv", format)}${overOthers(
        operands.others,
        format,
        ({ other }) => `${dot("s", "k", "q", format)}${dot("da", "v", "dO", format)}let a = power(s - load_logSum(${other}));
let ds = a * (da - load_alpha(${other}));
${addTo("sum_dk", "ds", "q", format)}${addTo("sum_dv", "a", "dO", format)}`,
      )}if (${scope.there}) {
${times("sum_dk", "p.scale", format)}${written("dk", "sum_dk", scope, format)}${written("dv", "sum_dv", scope, format)}}`,
    );
  },
);
