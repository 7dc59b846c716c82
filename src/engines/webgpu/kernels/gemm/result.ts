/** How sums become numbers of C: scaled, the bias added, and those written that lie inside. */
import type { Form } from "./form.ts";
import { range } from "./text.ts";

/** Writes the quad `x` whose first number is `at` in C and in column `column`. */
function writing({ c, whole }: Form): string {
  if (whole.c) return "  store4_c(at / 4u, x);\n";
  if (c === "f16") return "  store2_c(at / 2u, x.xy);\n  if (column + 2u < p.n) { store2_c(at / 2u + 1u, x.zw); }\n"; // n is even
  return `  store_c(at, x.x);\n${[1, 2, 3].map((s) => `  if (column + ${s}u < p.n) { store_c(at + ${s}u, x[${s}]); }\n`).join("")}`;
}

/** Numbers of a row that are beyond its end are never written. */
const added = ({ bias, whole }: Form): string => {
  if (bias === null) return "";
  return whole.c
    ? " + load4_bias(column / 4u)"
    : ` + vec4f(${range(4)
        .map((s) => `load_bias(min(column + ${s}u, p.n - 1u))`)
        .join(", ")})`;
};

/** `put(into, row, column, sums)`: four numbers of a row of the C that begins at `into`; `column` is a multiple of four. */
export const putting = (form: Form): string => `
fn put(into: u32, row: u32, column: u32, sums: vec4f) {
  if (row >= p.m || column >= p.n) { return; }
  let at = into + row * p.n + column;
  let x = sums * p.scale${added(form)};
${writing(form)}}
`;
