/**
 * Attention by rows, O = A V without a row of A in memory. The weights of the keys so far are e^(s − most), and where `most` changes, O and their
 * sum are multiplied by e^(old − new). `most` need not be the largest score: it follows when a weight would be more than e^SLACK, which is seldom.
 *
 * And its pullback by the recompute form of (G12): a = e^(s − λ), and with α = ⟨ō, o⟩ of the query's row
 *
 *   s̄ = a (⟨ō, v⟩ − α)      q̄ = d^(−½) Σ_keys s̄ k      k̄ = d^(−½) Σ_queries s̄ q      v̄ = Σ_queries a ō
 */
import { variants, type Program } from "../../program.ts";
import { dKeysOperands, dQueriesOperands, forwardOperands, LOWEST, type Stored, type StoredBack } from "./operands.ts";
import { addTo, dot, held, overOthers, rowProgram, times, written, zeros, type RowForm } from "./rows.ts";

const SLACK = 8;

export const forwardRows: (form: RowForm, stored: Stored) => Program = variants((form: RowForm, stored: Stored) =>
  rowProgram(
    {
      ...forwardOperands(stored),
      main: `${held("q", form, "p.scale")}${zeros("sum_o", form)}var most = ${LOWEST};
var sum = 0.0;
${overOthers(
  ["k", "v"],
  form,
  `${dot("s", "q", "k", form)}if (s > most + ${SLACK}.0) {
let shrink = power(most - s);
most = s;
sum *= shrink;
${times("sum_o", "shrink", form)}}
let a = power(s - most);
sum += a;
${addTo("sum_o", "a", "v", form)}`,
)}if (there) {
store_logSum(row, most + log_of(sum));
let share = 1.0 / sum;
${times("sum_o", "share", form)}${written("o", "sum_o", form)}}`,
    },
    form,
  ),
);

export const dQueriesRows: (form: RowForm, stored: StoredBack) => Program = variants((form: RowForm, stored: StoredBack) =>
  rowProgram(
    {
      ...dQueriesOperands(stored),
      main: `${held("q", form, "p.scale")}${held("dO", form)}${zeros("sum_dq", form)}let own_logSum = load_logSum(row);
let own_alpha = load_alpha(row);
${overOthers(
  ["k", "v"],
  form,
  `${dot("s", "q", "k", form)}${dot("da", "dO", "v", form)}let ds = power(s - own_logSum) * (da - own_alpha);
${addTo("sum_dq", "ds", "k", form)}`,
)}if (there) {
${times("sum_dq", "p.scale", form)}${written("dq", "sum_dq", form)}}`,
    },
    form,
  ),
);

export const dKeysRows: (form: RowForm, stored: StoredBack) => Program = variants((form: RowForm, stored: StoredBack) =>
  rowProgram(
    {
      ...dKeysOperands(stored),
      main: `${held("k", form, "p.scale")}${held("v", form)}${zeros("sum_dk", form)}${zeros("sum_dv", form)}${overOthers(
        ["q", "dO"],
        form,
        `${dot("s", "k", "q", form)}${dot("da", "v", "dO", form)}let a = power(s - load_logSum(other));
let ds = a * (da - load_alpha(other));
${addTo("sum_dk", "ds", "q", form)}${addTo("sum_dv", "a", "dO", form)}`,
      )}if (there) {
${times("sum_dk", "p.scale", form)}${written("dk", "sum_dk", form)}${written("dv", "sum_dv", form)}}`,
    },
    form,
  ),
);
