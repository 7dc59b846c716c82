/**
 * Attention with a thread for each row of the result, in registers. All threads of a workgroup go over the same other rows, which they fetch to
 * workgroup memory tile by tile: a number that is read there is one number for all of them.
 */
import { GROUP, program, type Program } from "../../program.ts";
import { joined, range } from "../gemm/text.ts";
import { exponential, logarithm } from "../math.ts";
import { access, params, tensorsOf, type Form, type Text } from "./form.ts";

export interface RowForm extends Form {
  /** e^x to a few ulp; else the device's own, which is good enough for numbers of f16. */
  readonly exact: boolean;
}

export const ROW_THREADS = 64;

/** Rows of a tile: two of them, of the widest heads, fill the workgroup memory that every device has. */
const TILE = 16;

const quadsOf = ({ width }: Form): readonly number[] => range(width / 4);

/** The thread's row of a matrix, in registers `t0`, `t1`, …; times a factor. */
export const held = (t: string, form: Form, factor = "1.0"): string =>
  joined(quadsOf(form).map((c) => `let ${t}${c} = ${factor} * read_${t}(row, ${c}u);`));

export const zeros = (t: string, form: Form): string => joined(quadsOf(form).map((c) => `var ${t}${c} = vec4f();`));

/** `let name = ⟨x, y⟩` of rows in registers: four sums at a time, so that additions need not wait for one another. */
export const dot = (name: string, x: string, y: string, form: Form): string =>
  `let ${name}_parts = ${quadsOf(form).reduce((sum, c) => (c === 0 ? `${x}0 * ${y}0` : `fma(${x}${c}, ${y}${c}, ${sum})`), "")};
let ${name} = (${name}_parts.x + ${name}_parts.y) + (${name}_parts.z + ${name}_parts.w);
`;

/** t ← t + factor · y */
export const addTo = (t: string, factor: string, y: string, form: Form): string =>
  joined(quadsOf(form).map((c) => `${t}${c} = fma(vec4f(${factor}), ${y}${c}, ${t}${c});`));

/** t ← factor · t */
export const times = (t: string, factor: string, form: Form): string => joined(quadsOf(form).map((c) => `${t}${c} *= ${factor};`));

export const written = (t: string, x: string, form: Form): string => joined(quadsOf(form).map((c) => `write_${t}(row, ${c}u, ${x}${c});`));

/** Goes over the other rows of the head: `other` is one, and its numbers in both matrices are in registers of their names. */
export function overOthers([one, two]: Text["others"], { width }: Form, body: string): string {
  const quads = width / 4;
  const fetch = [one, two].map((t) => `tile_${t}[i] = read_${t}(others + i / ${quads}u, i % ${quads}u);`).join(" ");
  const numbers = [one, two].flatMap((t) => range(quads).map((c) => `let ${t}${c} = tile_${t}[j * ${quads}u + ${c}u];`));
  return `for (var first = 0u; first < p.others; first += ${TILE}u) {
let others = head * p.others + first;
let count = min(${TILE}u, p.others - first);
workgroupBarrier();
for (var i = lane; i < count * ${quads}u; i += ${ROW_THREADS}u) { ${fetch} }
workgroupBarrier();
for (var j = 0u; j < count; j++) {
let other = others + j;
${joined(numbers)}${body}}
}
`;
}

/** In scope: the thread's own `row`, and whether it is `there` or only helps to fetch. */
export const rowProgram = (text: Text, form: RowForm): Program =>
  program({
    name: text.name,
    tensors: tensorsOf(text, form),
    params,
    workgroup: [ROW_THREADS, 1, 1],
    declarations: `${exponential}${logarithm}
fn power(x: f32) -> f32 { return ${form.exact ? "exp_of" : "exp"}(x); }
${access(text, form)}${joined(text.others.map((t) => `var<workgroup> tile_${t}: array<vec4f, ${(TILE * form.width) / 4}>;`))}`,
    main: `  let head = ${GROUP} / p.blocks;
  if (head >= p.heads) { return; }
  let own = (${GROUP} % p.blocks) * ${ROW_THREADS}u + lane;
  let there = own < p.own;
  let row = head * p.own + min(own, p.own - 1u);
${text.main}`,
  });
