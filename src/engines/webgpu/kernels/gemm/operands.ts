/**
 * How the numbers of A and B are read: always four that lie together, in a line of the matrix as it is stored, and zero beyond its edges. So
 * a tile may reach beyond an edge: what it multiplies there adds nothing.
 */
import type { Form } from "./form.ts";

export type Side = "a" | "b";

/** Whether four numbers that lie together are neighbours along k, and not along the rows or columns of C. */
export const alongK = (t: Side, { ta, tb }: Form): boolean => (t === "a" ? !ta : tb);

/**
 * Four numbers at once. What is not there is read elsewhere and thrown away: a branch around a read costs a device that is a program more.
 *
 * @param read the quad `i` of the operand, and `none` in its place
 */
const guarded = (head: string, read: string, none: string): string => `
${head} {
  let there = line < lines && at < length;
  let i = select(0u, (from_ + line * length + at) / 4u, there);
  return select(${none}, ${read}, there);
}
`;

const signature = "(from_: u32, line: u32, lines: u32, at: u32, length: u32)";

const whole = (t: Side): string => guarded(`fn read_${t}${signature} -> vec4f`, `load4_${t}(i)`, "vec4f()");

/** One by one; those that are not there, as zero. */
const ragged = (t: Side): string => `
fn number_${t}(i: u32, there: bool) -> f32 { return select(0.0, load_${t}(select(0u, i, there)), there); }
fn read_${t}${signature} -> vec4f {
  let i = from_ + line * length + at;
  let left = select(0u, length - at, line < lines && at < length);
  return vec4f(number_${t}(i, left > 0u), number_${t}(i + 1u, left > 1u), number_${t}(i + 2u, left > 2u), number_${t}(i + 3u, left > 3u));
}
`;

/** To f16, in words; exact for what has been stored so. */
const packing = `
fn packed(x: vec4f) -> vec2u { return vec2u(pack2x16float(x.xy), pack2x16float(x.zw)); }
`;

const reading = (t: Side, form: Form): string => (form.whole[t] ? whole(t) : ragged(t));

/** `quad_t(from, line, lines, at, length) -> vec4f`: numbers at … at + 3 of a line, of `lines` that are `length` long. */
function quad(t: Side, form: Form): string {
  const rounds = form.factors === "f16" && form[t] === "f32";
  return `${reading(t, form)}
fn quad_${t}${signature} -> vec4f {
  let x = read_${t}(from_, line, lines, at, length);
  return ${rounds ? "vec4f(unpack2x16float(packed(x).x), unpack2x16float(packed(x).y))" : "x"};
}
`;
}

/** The same as f16, two to a word. */
function words(t: Side, form: Form): string {
  const head = `fn words_${t}${signature} -> vec2u`;
  if (form.whole[t] && form[t] === "f16") return guarded(head, `${t}[i]`, "vec2u()");
  return `${reading(t, form)}${head} { return packed(read_${t}(from_, line, lines, at, length)); }\n`;
}

export const quads = (form: Form): string => (form.factors === "f16" ? packing : "") + quad("a", form) + quad("b", form);
export const halves = (form: Form): string => packing + words("a", form) + words("b", form);

/** Reads by `quad` or `words` what lies at row or column `across` of C and at term `term`, and the three numbers behind it. */
export function at(
  read: "quad" | "words",
  t: Side,
  form: Form,
  { across, term }: { readonly across: string; readonly term: string },
): string {
  const side = t === "a" ? "p.m" : "p.n";
  const [line, lines, first, length] = alongK(t, form) ? [across, side, term, "p.k"] : [term, "p.k", across, side];
  return `${read}_${t}(from_${t}, ${line}, ${lines}, ${first}, ${length})`;
}
