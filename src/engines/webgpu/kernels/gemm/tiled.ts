/**
 * Products through workgroup memory, for hardware with any WebGPU.
 *
 * A workgroup makes a square tile of C, SIDE × SIDE, and goes along k in steps of DEPTH. For each step it has a panel of A and one of B in workgroup
 * memory, term by term, so that a thread finds the numbers of its rows and of its columns four at a time. Each of its 2 SIDE threads fetches a
 * block of 4 × 4 numbers, the first half of them of A, and keeps it in registers while the panels of the step before are multiplied: memory is
 * waited for behind arithmetic, and a step costs two barriers.
 */
import { GROUP, program, variants, type Program } from "../../program.ts";
import { place, productParams, tensorsOf, type Form } from "./form.ts";
import { alongK, at, quads, type Side } from "./operands.ts";
import { putting } from "./result.ts";
import { joined, range } from "./text.ts";

/** Terms of a step. */
export const DEPTH = 16;

/** So many quads beside one another lie in all banks of workgroup memory: as many threads lay them down at once. */
const ALL_BANKS = 8;

export interface SquareTile {
  readonly side: 128 | 64 | 32;
  /** Of what each of the 2 side threads has of it: rows · columns = side/2. */
  readonly rows: number;
  readonly columns: number;
}

export const squares: readonly SquareTile[] = [
  { side: 128, rows: 8, columns: 8 },
  { side: 64, rows: 8, columns: 4 },
  { side: 32, rows: 4, columns: 4 },
];

const F32_BYTES = 4;

export const squareThreads = ({ side }: SquareTile): number => 2 * side;
/** Of both panels. */
export const squareBytes = ({ side }: SquareTile): number => 2 * side * DEPTH * F32_BYTES;

/** What a thread fetches of a panel, and how it lays it down term by term. `block` is the number of its block in the panel. */
function panel(t: Side, { side }: SquareTile, form: Form): { readonly fetch: string; readonly lay: string } {
  const [quadsOfK, quadsAcross] = [DEPTH / 4, side / 4];
  const corner = t === "a" ? "row" : "column";
  if (alongK(t, form)) {
    // four rows or columns, four terms each: turned round on the way
    const [across, term] = [
      `(block % ${ALL_BANKS}u + ${ALL_BANKS}u * (block / ${ALL_BANKS * quadsOfK}u))`,
      `(block / ${ALL_BANKS}u % ${quadsOfK}u)`,
    ];
    const fetch = range(4).map(
      (i) => `held${i} = ${at("quad", t, form, { across: `${corner} + 4u * ${across} + ${i}u`, term: `term + 4u * ${term}` })};`,
    );
    const turned = (q: number): string =>
      `vec4f(${range(4)
        .map((i) => `held${i}[${q}]`)
        .join(", ")})`;
    const lay = range(4).map((q) => `panel_${t}[(4u * ${term} + ${q}u) * ${quadsAcross}u + ${across}] = ${turned(q)};`);
    return { fetch: joined(fetch), lay: joined(lay) };
  }
  const [across, term] = [`(block % ${quadsAcross}u)`, `(block / ${quadsAcross}u)`];
  const fetch = range(4).map(
    (q) => `held${q} = ${at("quad", t, form, { across: `${corner} + 4u * ${across}`, term: `term + 4u * ${term} + ${q}u` })};`,
  );
  const lay = range(4).map((q) => `panel_${t}[(4u * ${term} + ${q}u) * ${quadsAcross}u + ${across}] = held${q};`);
  return { fetch: joined(fetch), lay: joined(lay) };
}

export const squareProgram: (tile: SquareTile, form: Form) => Program = variants((tile: SquareTile, form: Form): Program => {
  const { side, rows, columns } = tile;
  const [down, across] = [side / rows, side / columns]; // threads of the workgroup
  const [a, b] = [panel("a", tile, form), panel("b", tile, form)];
  const [ownDown, ownAcross] = [range(rows / 4), range(columns / 4)];
  const eachSum = (line: (r: number, s: number) => string): string => joined(range(rows).flatMap((r) => ownAcross.map((s) => line(r, s))));
  const read = (x: string, panel: string, quad: string): string => `let ${x} = ${panel}[j * ${side / 4}u + ${quad}];`;
  return program({
    name: "matmul",
    tensors: tensorsOf(form),
    params: productParams,
    workgroup: [squareThreads(tile), 1, 1],
    declarations: `${quads(form)}${putting(form)}
var<workgroup> panel_a: array<vec4f, ${(side * DEPTH) / 4}>;
var<workgroup> panel_b: array<vec4f, ${(side * DEPTH) / 4}>;
`,
    main: `  let tile = ${GROUP};
  if (tile >= p.count) { return; }
${place({ rows: side, columns: side })}  let ofA = lane < ${side}u;
  let block = lane % ${side}u;
  let mineDown = lane / ${across}u;
  let mineAcross = lane % ${across}u;
${joined(range(4).map((i) => `var held${i} = vec4f();`))}${eachSum((r, s) => `var sum${r}_${s} = vec4f();`)}
for (var term = start; term < end + ${DEPTH}u; term += ${DEPTH}u) {
if (term < end) {
if (ofA) {
${a.fetch}} else {
${b.fetch}}
}
if (term > start) {
for (var j = 0u; j < ${DEPTH}u; j++) {
${joined(ownDown.map((i) => read(`x${i}`, "panel_a", `mineDown + ${i * down}u`)))}${joined(
      ownAcross.map((s) => read(`y${s}`, "panel_b", `mineAcross + ${s * across}u`)),
    )}${eachSum((r, s) => `sum${r}_${s} = fma(vec4f(x${Math.floor(r / 4)}[${r % 4}]), y${s}, sum${r}_${s});`)}}
}
workgroupBarrier();
if (term < end) {
if (ofA) {
${a.lay}} else {
${b.lay}}
}
workgroupBarrier();
}
${eachSum((r, s) => {
  const [downTo, acrossTo] = [`4u * (mineDown + ${Math.floor(r / 4) * down}u) + ${r % 4}u`, `4u * (mineAcross + ${s * across}u)`];
  return `put(into, row + ${downTo}, column + ${acrossTo}, sum${r}_${s});`;
})}`,
  });
});
