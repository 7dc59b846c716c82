/**
 * Attention and its VJP on matrix units. The forward goes over the keys once: a key's weight is e^(s − most), as in rowPrograms.ts, where the VJP's formulas
 * are too. The units cannot multiply each row of their sums by a number of its own, so where `most` changes, the sums of O pass through workgroup
 * memory. That is rare, as a row changes `most` only when a weight would exceed e^SLACK, which f16 holds; the first tile sets it.
 */
import { declare, memoized, type Program } from "../../program.ts";
import { matrixProgram, sumOfRow } from "./matrices.ts";
import { eachQuad, needs, perRow, type MatrixFormat } from "./matrixFormat.ts";
import {
  dKeysOperands,
  dQueriesOperands,
  forwardOperands,
  LOWEST,
  SLACK,
  type AttentionStorage,
  type AttentionVjpStorage,
} from "./operands.ts";

const largest = (x: string): string => `max(max(${x}.x, ${x}.y), max(${x}.z, ${x}.w))`;

export const forwardMatrices: (format: MatrixFormat, stored: AttentionStorage) => Program = memoized(
  (format: MatrixFormat, stored: AttentionStorage) =>
    matrixProgram(
      forwardOperands(stored),
      format,
      needs.forward,
      (strip) => {
        const scores = eachQuad(
          format,
          (s, quad) => `let s${s} = select(vec4f(${LOWEST}), p.scale * ${strip.score(0, quad)}, ${strip.inside(quad)});
top = max(top, ${largest(`s${s}`)});`,
        );
        const weights = eachQuad(
          format,
          (s, quad) => `let a${s} = exp(s${s} - most);
sum += dot(a${s}, vec4f(1.0));
${strip.weigh(0, quad, `a${s}`)}`,
        );
        return `var most = ${LOWEST};
var sum = 0.0;
if (lane == 0u) { atomicStore(&overdue, 0u); }
${strip.sums("o")}${strip.overTiles(`${strip.products("q", "k", 0)}workgroupBarrier();
var top = ${LOWEST};
${scores}parts[lane] = top;
if (there && top > most + ${SLACK}.0) { atomicStore(&overdue, 1u); }
if (workgroupUniformLoad(&overdue) != 0u) {
if (lane == 0u) { atomicStore(&overdue, 0u); }
let before = most;
for (var i = 0u; i < ${perRow(format)}u; i++) { most = max(most, parts[own_row * ${perRow(format)}u + i]); }
let shrink = exp(before - most);
sum *= shrink;
if (first > 0u) {
${strip.scaled("o", "shrink")}}
}
if (there) {
${weights}}
workgroupBarrier();
${strip.addWeighted("o", 0, "v")}`)}${sumOfRow("total", "sum", format)}if (there && part == 0u) { store_logSum(row, most + log(total)); }
${strip.written("o", "o", "(1.0 / total)")}`;
      },
      declare("var<workgroup> overdue: atomic<u32>;\n"),
    ),
);

export const dQueriesMatrices: (format: MatrixFormat, stored: AttentionVjpStorage) => Program = memoized(
  (format: MatrixFormat, stored: AttentionVjpStorage) =>
    matrixProgram(dQueriesOperands(stored), format, needs.dQueries, (strip) => {
      const dScores = eachQuad(
        format,
        (s, quad) => `let a${s} = exp(p.scale * ${strip.score(0, quad)} - own_logSum);
let ds${s} = a${s} * (${strip.score(1, quad)} - own_alpha);
${strip.weigh(0, quad, `select(vec4f(), ds${s}, ${strip.inside(quad)})`)}`,
      );
      return `var alpha_part = 0.0;
for (var c = part; c < ${format.width / 4}u; c += ${perRow(format)}u) { alpha_part += dot(read_dO(row, c), read_o(row, c)); }
${sumOfRow("own_alpha", "alpha_part", format)}if (there && part == 0u) { store_alpha(row, own_alpha); }
let own_logSum = load_logSum(row);
${strip.sums("dq")}${strip.overTiles(`${strip.products("q", "k", 0)}${strip.products("dO", "v", 1)}workgroupBarrier();
if (there) {
${dScores}}
workgroupBarrier();
${strip.addWeighted("dq", 0, "k")}`)}${strip.written("dq", "dq", "p.scale")}`;
    }),
);

export const dKeysMatrices: (format: MatrixFormat, stored: AttentionVjpStorage) => Program = memoized(
  (format: MatrixFormat, stored: AttentionVjpStorage) =>
    matrixProgram(dKeysOperands(stored), format, needs.dKeys, (strip) => {
      const weights = eachQuad(
        format,
        (s, quad) => `let a${s} = select(vec4f(), exp(p.scale * ${strip.score(0, quad)} - tile_logSum[${quad}]), ${strip.inside(quad)});
${strip.weigh(0, quad, `a${s}`)}
let ds${s} = a${s} * (${strip.score(1, quad)} - tile_alpha[${quad}]);
${strip.weigh(1, quad, `select(vec4f(), ds${s}, ${strip.inside(quad)})`)}`,
      );
      return `${strip.sums("dk")}${strip.sums("dv")}${strip.overTiles(`${strip.products("k", "q", 0)}${strip.products("v", "dO", 1)}workgroupBarrier();
if (there) {
${weights}}
workgroupBarrier();
${strip.addWeighted("dv", 0, "dO")}${strip.addWeighted("dk", 1, "q")}`)}${strip.written("dk", "dk", "p.scale")}${strip.written("dv", "dv", "1.0")}`;
    }),
);
