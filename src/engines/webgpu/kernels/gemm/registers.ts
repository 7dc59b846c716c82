/**
 * Products without workgroup memory, for devices that are programs: a tile of C lies in registers.
 *
 * A thread has a tile; or four threads, a quad of a subgroup, have one of four times the columns, each thread reads a fourth of its rows' numbers
 * of A and they tell them to one another. On such devices reading is dear, and telling is not.
 */
import { GROUP, program, variants, type Program } from "../../program.ts";
import { place, productParams, tensorsOf, type Form } from "./form.ts";
import { alongK, at, quads } from "./operands.ts";
import { putting } from "./result.ts";
import { joined, range } from "./text.ts";

export interface RegisterTile {
  readonly rows: number;
  readonly columns: number;
  /** Threads of a tile. */
  readonly threads: 1 | 4;
}

/** Of a workgroup: few, so that few tiles keep several cores busy. */
export const REGISTER_THREADS = 16;

/** A quad's numbers of A by name, and the number of row r at term q. */
interface LeftText {
  readonly reads: readonly string[];
  readonly number: (r: number, q: number) => string;
}

function left({ rows, threads }: RegisterTile, form: Form): LeftText {
  const told = (x: string, by: number): string => `quadBroadcast(${x}, ${by}u)`;
  if (alongK("a", form)) {
    const reads = range(rows / threads).map(
      (i) => `let x${i} = ${at("quad", "a", form, { across: `row + ${i * threads}u + one`, term: "j" })};`,
    );
    return { reads, number: (r, q) => (threads === 1 ? `x${r}[${q}]` : told(`x${Math.floor(r / 4)}[${q}]`, r % 4)) };
  }
  const terms = threads === 1 ? range(4) : [0];
  const reads = terms.flatMap((q) =>
    range(rows / 4).map((i) => `let x${q}_${i} = ${at("quad", "a", form, { across: `row + ${4 * i}u`, term: `j + ${q}u + one` })};`),
  );
  const number = (r: number, q: number): string => {
    const x = (term: number): string => `x${term}_${Math.floor(r / 4)}[${r % 4}]`;
    return threads === 1 ? x(q) : told(x(0), q);
  };
  return { reads, number };
}

/** Reads of B, once for all four terms or for each, and the quad of columns s at term q. */
interface RightText {
  readonly reads: readonly string[];
  readonly each: (q: number) => readonly string[];
}

function right({ columns, threads }: RegisterTile, form: Form): RightText {
  const own = range(columns / 4 / threads);
  const first = (s: number): number => 4 * threads * s;
  if (!alongK("b", form))
    return {
      reads: [],
      each: (q) => own.map((s) => `let y${s} = ${at("quad", "b", form, { across: `mine + ${first(s)}u`, term: `j + ${q}u` })};`),
    };
  return {
    reads: own.flatMap((s) =>
      range(4).map((i) => `let y${s}_${i} = ${at("quad", "b", form, { across: `mine + ${first(s) + i}u`, term: "j" })};`),
    ),
    each: (q) =>
      own.map(
        (s) =>
          `let y${s} = vec4f(${range(4)
            .map((i) => `y${s}_${i}[${q}]`)
            .join(", ")});`,
      ),
  };
}

export const registerProgram: (tile: RegisterTile, form: Form) => Program = variants((tile: RegisterTile, form: Form): Program => {
  const { rows, columns, threads } = tile;
  const own = range(columns / 4 / threads);
  const [a, b] = [left(tile, form), right(tile, form)];
  const term = (q: number): string =>
    `    {\n${joined(b.each(q))}${range(rows)
      .map((r) => `    { let x = vec4f(${a.number(r, q)}); ${own.map((s) => `sum${r}_${s} = fma(x, y${s}, sum${r}_${s});`).join(" ")} }\n`)
      .join("")}    }\n`;
  return program({
    name: "matmul",
    tensors: tensorsOf(form),
    params: productParams,
    workgroup: [REGISTER_THREADS, 1, 1],
    enables: threads === 1 ? [] : ["subgroups"],
    declarations: quads(form) + putting(form),
    main: `  let thread = ${GROUP} * ${REGISTER_THREADS}u + lane;
  let tile = thread / ${threads}u;
  let one = thread % ${threads}u;
${place(tile)}  let mine = column + 4u * one;
${range(rows)
  .map((r) => own.map((s) => `  var sum${r}_${s} = vec4f();\n`).join(""))
  .join("")}  for (var term = 0u; term < p.length; term += 4u) {
    let j = start + term;
${joined(a.reads)}${joined(b.reads)}${range(4).map(term).join("")}  }
  if (tile >= p.count) { return; }
${range(rows)
  .map((r) => own.map((s) => `  put(into, row + ${r}u, mine + ${4 * threads * s}u, sum${r}_${s});\n`).join(""))
  .join("")}`,
  });
});
