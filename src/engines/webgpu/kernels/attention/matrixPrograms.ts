/**
 * Attention and its VJP on matrix units. The units cannot multiply each row of their sums by a number of its own, so the forward goes over the keys
 * twice: first for λ, then with weights e^(s − λ), which need no correction later. The formulas of the VJP are those of rowPrograms.ts.
 */
import { memoized, type Program } from "../../program.ts";
import { matrixProgram } from "./matrices.ts";
import { perRow, type MatrixFormat } from "./matrixFormat.ts";
import { dKeysOperands, dQueriesOperands, forwardOperands, LOWEST, type AttentionStorage, type AttentionVjpStorage } from "./operands.ts";

/** WGSL: whether the other row in this column of the tile exists. */
const inside = (first: string, column: string): string => `${first} + ${column} < p.others`;

export const forwardMatrices: (format: MatrixFormat, stored: AttentionStorage) => Program = memoized(
  (format: MatrixFormat, stored: AttentionStorage) =>
    matrixProgram(forwardOperands(stored), format, ({ row, there, part, ...strip }) => {
      const { score, eachScore } = strip;
      const logSums = strip.overTiles(
        ["k"],
        (first) => `${strip.scores("q", "k")}let before = most;
${eachScore((s, column) => `let s${s} = select(${LOWEST}, p.scale * ${score(column)}, ${inside(first, column)}); most = max(most, s${s});`)}sum *= exp(before - most);
${eachScore((s, column) => `sum += select(0.0, exp(s${s} - most), ${inside(first, column)});`)}`,
      );
      const outputs = strip.overTiles(["k", "v"], (first) => {
        const weights = eachScore((_, column) =>
          strip.weigh(column, `select(0.0, exp(p.scale * ${score(column)} - own_logSum), ${inside(first, column)})`),
        );
        return `${strip.scores("q", "k")}${weights}${strip.addWeighted("o", "v")}`;
      });
      return `var most = ${LOWEST};
var sum = 0.0;
${logSums}workgroupBarrier();
${score(`2u * ${part}`)} = most;
${score(`2u * ${part} + 1u`)} = sum;
workgroupBarrier();
for (var i = 0u; i < ${perRow(format)}u; i++) { most = max(most, ${score("2u * i")}); }
sum = 0.0;
for (var i = 0u; i < ${perRow(format)}u; i++) { sum += ${score("2u * i + 1u")} * exp(${score("2u * i")} - most); }
let own_logSum = most + log(sum);
if (${there} && ${part} == 0u) { store_logSum(${row}, own_logSum); }
${strip.sums("o")}${outputs}${strip.written("o", "o", "1.0")}`;
    }),
);

export const dQueriesMatrices: (format: MatrixFormat, stored: AttentionVjpStorage) => Program = memoized(
  (format: MatrixFormat, stored: AttentionVjpStorage) =>
    matrixProgram(dQueriesOperands(stored), format, ({ row, ...strip }) => {
      const { score, eachScore } = strip;
      const tiles = strip.overTiles(["k", "v"], (first) => {
        const probabilities = eachScore(
          (s, column) => `let a${s} = select(0.0, exp(p.scale * ${score(column)} - own_logSum), ${inside(first, column)});`,
        );
        const dScores = eachScore((s, column) => strip.weigh(column, `a${s} * (${score(column)} - own_alpha)`));
        return `${strip.scores("q", "k")}${probabilities}workgroupBarrier();
${strip.scores("dO", "v")}${dScores}${strip.addWeighted("dq", "k")}`;
      });
      return `let own_logSum = load_logSum(${row});
let own_alpha = load_alpha(${row});
${strip.sums("dq")}${tiles}${strip.written("dq", "dq", "p.scale")}`;
    }),
);

export const dKeysMatrices: (format: MatrixFormat, stored: AttentionVjpStorage) => Program = memoized(
  (format: MatrixFormat, stored: AttentionVjpStorage) =>
    matrixProgram(dKeysOperands(stored), format, (strip) => {
      const { score, eachScore } = strip;
      const tiles = strip.overTiles(["q", "dO"], (first) => {
        const query = (column: string): string => `${strip.head} * p.others + min(${first} + ${column}, p.others - 1u)`;
        const probabilities = eachScore(
          (
            s,
            column,
          ) => `let a${s} = select(0.0, exp(p.scale * ${score(column)} - load_logSum(${query(column)})), ${inside(first, column)});
${strip.weigh(column, `a${s}`)}`,
        );
        const dScores = eachScore((s, column) => strip.weigh(column, `a${s} * (${score(column)} - load_alpha(${query(column)}))`));
        return `${strip.scores("k", "q")}${probabilities}${strip.addWeighted("dv", "dO")}workgroupBarrier();
${strip.scores("v", "dO")}${dScores}${strip.addWeighted("dk", "q")}`;
      });
      return `${strip.sums("dk")}${strip.sums("dv")}${tiles}${strip.written("dk", "dk", "p.scale")}${strip.written("dv", "dv", "1.0")}`;
    }),
);
