/**
 * Attention and its pullback on matrix units. The units cannot multiply a row of sums by a number of its own; so the forward goes over the keys
 * twice, first for λ, then with weights e^(s − λ) that need no more correction. The formulas of the pullback are those of rowPrograms.ts.
 */
import { variants, type Program } from "../../program.ts";
import {
  addWeighted,
  eachScore,
  matrixProgram,
  overTiles,
  perRow,
  score,
  scores,
  sums,
  weigh,
  written,
  type MatrixForm,
} from "./matrices.ts";
import { dKeysOperands, dQueriesOperands, forwardOperands, LOWEST, type Stored, type StoredBack } from "./operands.ts";

export const forwardMatrices: (form: MatrixForm, stored: Stored) => Program = variants((form: MatrixForm, stored: Stored) => {
  const inside = (column: string): string => `first + ${column} < p.others`;
  const lane = perRow(form);
  return matrixProgram(
    {
      ...forwardOperands(stored),
      main: `var most = ${LOWEST};
var sum = 0.0;
${overTiles(
  ["k"],
  form,
  `${scores("q", "k", form)}let before = most;
${eachScore(form, (s, column) => `let s${s} = select(${LOWEST}, p.scale * ${score(column, form)}, ${inside(column)}); most = max(most, s${s});`)}sum *= exp(before - most);
${eachScore(form, (s, column) => `sum += select(0.0, exp(s${s} - most), ${inside(column)});`)}`,
)}workgroupBarrier();
${score("2u * part", form)} = most;
${score("2u * part + 1u", form)} = sum;
workgroupBarrier();
for (var i = 0u; i < ${lane}u; i++) { most = max(most, ${score("2u * i", form)}); }
sum = 0.0;
for (var i = 0u; i < ${lane}u; i++) { sum += ${score("2u * i + 1u", form)} * exp(${score("2u * i", form)} - most); }
let own_logSum = most + log(sum);
if (there && part == 0u) { store_logSum(row, own_logSum); }
${sums("o", form)}${overTiles(
        ["k", "v"],
        form,
        `${scores("q", "k", form)}${eachScore(form, (_, column) =>
          weigh(column, `select(0.0, exp(p.scale * ${score(column, form)} - own_logSum), ${inside(column)})`, form),
        )}${addWeighted("o", "v", form)}`,
      )}${written("o", "o", "1.0", form)}`,
    },
    form,
  );
});

export const dQueriesMatrices: (form: MatrixForm, stored: StoredBack) => Program = variants((form: MatrixForm, stored: StoredBack) =>
  matrixProgram(
    {
      ...dQueriesOperands(stored),
      main: `let own_logSum = load_logSum(row);
let own_alpha = load_alpha(row);
${sums("dq", form)}${overTiles(
        ["k", "v"],
        form,
        `${scores("q", "k", form)}${eachScore(
          form,
          (s, column) => `let a${s} = select(0.0, exp(p.scale * ${score(column, form)} - own_logSum), first + ${column} < p.others);`,
        )}workgroupBarrier();
${scores("dO", "v", form)}${eachScore(form, (s, column) => weigh(column, `a${s} * (${score(column, form)} - own_alpha)`, form))}${addWeighted("dq", "k", form)}`,
      )}${written("dq", "dq", "p.scale", form)}`,
    },
    form,
  ),
);

export const dKeysMatrices: (form: MatrixForm, stored: StoredBack) => Program = variants((form: MatrixForm, stored: StoredBack) => {
  const query = (column: string): string => `head * p.others + min(first + ${column}, p.others - 1u)`;
  return matrixProgram(
    {
      ...dKeysOperands(stored),
      main: `${sums("dk", form)}${sums("dv", form)}${overTiles(
        ["q", "dO"],
        form,
        `${scores("k", "q", form)}${eachScore(
          form,
          (
            s,
            column,
          ) => `let a${s} = select(0.0, exp(p.scale * ${score(column, form)} - load_logSum(${query(column)})), first + ${column} < p.others);
${weigh(column, `a${s}`, form)}`,
        )}${addWeighted("dv", "dO", form)}workgroupBarrier();
${scores("v", "dO", form)}${eachScore(form, (s, column) => weigh(column, `a${s} * (${score(column, form)} - load_alpha(${query(column)}))`, form))}${addWeighted("dk", "q", form)}`,
      )}${written("dk", "dk", "p.scale", form)}${written("dv", "dv", "1.0", form)}`,
    },
    form,
  );
});
