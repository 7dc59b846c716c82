/**
 * Attention on the matrix units of subgroups: f16 times f16, sums in f32.
 *
 * A workgroup has a block of own rows, a strip of M for each subgroup, and goes over the other rows tile by tile; all lie in workgroup memory as
 * f16. The units keep what they multiply to themselves, so scores go through workgroup memory on their way to weights: a subgroup has the scores
 * of its strip there in f32, a few threads a row, and leaves the weights beside them in f16.
 */
import type { MatrixShape } from "../../capabilities.ts";
import { GROUP, program, type Program } from "../../program.ts";
import { joined, range } from "../gemm/text.ts";
import { access, params, tensorsOf, type Form, type Text } from "./form.ts";

export interface MatrixForm extends Form {
  readonly shape: MatrixShape;
  /** Threads of a subgroup. */
  readonly size: number;
  /** Of a workgroup. */
  readonly subgroups: number;
  /** Other rows at once. */
  readonly tile: number;
}

const [F16_BYTES, F32_BYTES] = [2, 4];

/** Numbers by which lines in workgroup memory are longer than what they hold, so that neighbours lie in different banks: 16 bytes. */
const [HALF_GAP, GAP] = [8, 4];

export const ownRows = ({ subgroups, shape }: MatrixForm): number => subgroups * shape.m;
export const matrixThreads = ({ subgroups, size }: MatrixForm): number => subgroups * size;

const lineOf = ({ width }: MatrixForm): number => width + HALF_GAP;
const scoreLine = ({ tile }: MatrixForm): number => tile + GAP;
const weightLine = ({ tile }: MatrixForm): number => tile + HALF_GAP;

/** Of workgroup memory, with so many own matrices. */
export function matrixBytes(form: MatrixForm, own: number): number {
  const rows = ownRows(form);
  const halves = (own * rows + 2 * form.tile) * lineOf(form) + rows * weightLine(form);
  return F16_BYTES * halves + F32_BYTES * rows * scoreLine(form);
}

/** Whether the units' shape fits the form. */
export const fits = ({ shape: { m, n, k }, size, width, tile }: MatrixForm): boolean =>
  size % m === 0 && tile % (size / m) === 0 && [width, tile].every((length) => length % n === 0 && length % k === 0);

/** Threads of a row of scores, and scores of a thread. */
export const perRow = ({ size, shape }: MatrixForm): number => size / shape.m;
export const eachScore = (form: MatrixForm, text: (s: number, column: string) => string): string =>
  joined(range(form.tile / perRow(form)).map((s) => text(s, `(part + ${s * perRow(form)}u)`)));

/** `fetch_t(row, count, end)`: rows from there on to the panel of t, zeros from row `end` on. */
const fetching = (t: string, form: MatrixForm): string => `
fn fetch_${t}(lane: u32, first: u32, count: u32, end: u32) {
  for (var i = lane; i < count * ${form.width / 4}u; i += ${matrixThreads(form)}u) {
    let row = first + i / ${form.width / 4}u;
    let c = i % ${form.width / 4}u;
    var numbers = vec4f();
    if (row < end) { numbers = read_${t}(row, c); }
    let halves = vec4<f16>(numbers);
    let to = (i / ${form.width / 4}u) * ${lineOf(form)}u + 4u * c;
    panel_${t}[to] = halves.x;
    panel_${t}[to + 1u] = halves.y;
    panel_${t}[to + 2u] = halves.z;
    panel_${t}[to + 3u] = halves.w;
  }
}
`;

const left = (array: string, first: string, line: number, { m, k }: MatrixShape): string =>
  `subgroupMatrixLoad<subgroup_matrix_left<f16, ${k}, ${m}>, row_major>(&${array}, ${first}, ${line}u)`;
const right = (array: string, order: "row_major" | "col_major", first: string, line: number, { n, k }: MatrixShape): string =>
  `subgroupMatrixLoad<subgroup_matrix_right<f16, ${n}, ${k}>, ${order}>(&${array}, ${first}, ${line}u)`;

/** The products of the strip's rows of x with all rows of the tile of y, where each thread finds its own. */
export function scores(x: string, y: string, form: MatrixForm): string {
  const { shape, width, tile } = form;
  const { m, n, k } = shape;
  const line = lineOf(form);
  const columns = range(tile / n).map((j) => {
    const terms = range(width / k).map((c) => {
      const own = left(`panel_${x}`, `subgroup * ${m * line}u + ${c * k}u`, line, shape);
      const other = right(`panel_${y}`, "col_major", `${j * n * line + c * k}u`, line, shape);
      return `product = subgroupMatrixMultiplyAccumulate(${own}, ${other}, product);`;
    });
    const to = `subgroup * ${m * scoreLine(form)}u + ${j * n}u`;
    return `{
var product: subgroup_matrix_result<f32, ${n}, ${m}>;
${joined(terms)}subgroupMatrixStore<row_major>(&scores, ${to}, product, ${scoreLine(form)}u);
}`;
  });
  return `${joined(columns)}workgroupBarrier();\n`;
}

/** A score of the thread's row. */
export const score = (column: string, form: MatrixForm): string => `scores[own_row * ${scoreLine(form)}u + ${column}]`;
/** Its weight becomes this. */
export const weigh = (column: string, weight: string, form: MatrixForm): string =>
  `weights[own_row * ${weightLine(form)}u + ${column}] = f16(${weight});`;

/** Sums for the strip's rows of a result. */
export const sums = (t: string, { width, shape: { m, n } }: MatrixForm): string =>
  joined(range(width / n).map((c) => `var ${t}_${c}: subgroup_matrix_result<f32, ${n}, ${m}>;`));

/** t ← t + weights · y, when all weights have been left. */
export function addWeighted(t: string, y: string, form: MatrixForm): string {
  const { shape, width, tile } = form;
  const { m, n, k } = shape;
  const terms = range(tile / k).flatMap((j) =>
    range(width / n).map((c) => {
      const own = left("weights", `subgroup * ${m * weightLine(form)}u + ${j * k}u`, weightLine(form), shape);
      const other = right(`panel_${y}`, "row_major", `${j * k * lineOf(form) + c * n}u`, lineOf(form), shape);
      return `${t}_${c} = subgroupMatrixMultiplyAccumulate(${own}, ${other}, ${t}_${c});`;
    }),
  );
  return `workgroupBarrier();\n${joined(terms)}`;
}

/** Writes the strip's rows of a result, times a factor, a fragment at a time by way of the scores. */
export function written(t: string, from: string, factor: string, form: MatrixForm): string {
  const { shape, width, size } = form;
  const { m, n } = shape;
  const quad = `vec4f(${range(4)
    .map((s) => `scores[at + ${s}u]`)
    .join(", ")})`;
  return joined(
    range(width / n).map(
      (c) => `workgroupBarrier();
subgroupMatrixStore<row_major>(&scores, subgroup * ${m * scoreLine(form)}u, ${from}_${c}, ${scoreLine(form)}u);
workgroupBarrier();
for (var i = lane % ${size}u; i < ${(m * n) / 4}u; i += ${size}u) {
let of_strip = i / ${n / 4}u;
let at = (strip * ${m}u + of_strip) * ${scoreLine(form)}u + 4u * (i % ${n / 4}u);
if (block + strip * ${m}u + of_strip < p.own) { write_${t}(first_own + strip * ${m}u + of_strip, ${(c * n) / 4}u + i % ${n / 4}u, ${factor} * ${quad}); }
}`,
    ),
  );
}

/** Goes over the other rows of the head: \`first\` is the first of the tile, \`fetched\` in the panels. */
export const overTiles = (
  fetched: readonly string[],
  { tile }: MatrixForm,
  body: string,
): string => `for (var first = 0u; first < p.others; first += ${tile}u) {
workgroupBarrier();
${joined(fetched.map((t) => `fetch_${t}(lane, head * p.others + first, ${tile}u, (head + 1u) * p.others);`))}workgroupBarrier();
${body}}
`;

/** In scope: `row`, which is some threads' own, `own_row`, its place in the workgroup, and `part`, the thread's place among those of the row. */
export function matrixProgram(text: Text, form: MatrixForm): Program {
  const { size, shape, tile } = form;
  const rows = ownRows(form);
  const panel = (t: string, lines: number): string => `var<workgroup> panel_${t}: array<f16, ${lines * lineOf(form)}>;`;
  return program({
    name: text.name,
    tensors: tensorsOf(text, form),
    params,
    workgroup: [matrixThreads(form), 1, 1],
    enables: ["f16", "subgroups", "chromium_experimental_subgroup_matrix"],
    builtins: { subgroup: "subgroup_id" },
    declarations: `${access(text, form)}${joined([
      ...text.own.map((t) => panel(t, rows)),
      ...text.others.map((t) => panel(t, tile)),
      `var<workgroup> scores: array<f32, ${rows * scoreLine(form)}>;`,
      `var<workgroup> weights: array<f16, ${rows * weightLine(form)}>;`,
    ])}${[...text.own, ...text.others].map((t) => fetching(t, form)).join("")}`,
    main: `  let head = ${GROUP} / p.blocks;
  if (head >= p.heads) { return; }
  let block = (${GROUP} % p.blocks) * ${rows}u;
  let first_own = head * p.own + block;
  let strip = lane / ${size}u;
  let own_row = strip * ${shape.m}u + (lane % ${size}u) / ${perRow(form)}u;
  let part = lane % ${perRow(form)}u;
  let there = block + own_row < p.own;
  let row = head * p.own + min(block + own_row, p.own - 1u);
${joined(text.own.map((t) => `fetch_${t}(lane, first_own, ${rows}u, (head + 1u) * p.own);`))}${text.main}`,
  });
}
