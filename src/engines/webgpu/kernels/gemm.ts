/**
 * Matrix products C = A B, batched, A m × k (stored k × m if ta), B k × n (stored n × k if tb).
 *
 * Each thread computes a tile of TILE × TILE numbers of C in registers.
 */
import { GROUP, inRow, program, variants, type Launch, type Program, type Storage } from "../program.ts";

export interface Product {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly ta: boolean;
  readonly tb: boolean;
  /** One B for the whole batch. */
  readonly shared: boolean;
}

const TILE = 4;
const THREADS = 64;

const tiles = Array.from({ length: TILE }, (_, i) => i);

const productProgram = variants((ta: boolean, tb: boolean, ofA: Storage, ofB: Storage): Program => {
  const a = (r: number): string => (ta ? `load_a(fromA + j * p.m + rows[${r}])` : `load_a(fromA + rows[${r}] * p.k + j)`);
  const b = (s: number): string => (tb ? `load_b(fromB + columns[${s}] * p.k + j)` : `load_b(fromB + j * p.n + columns[${s}])`);
  return program({
    name: "matmul",
    tensors: { c: "f32", a: ofA, b: ofB },
    params: { count: "u32", m: "u32", n: "u32", k: "u32", across: "u32", down: "u32", nextB: "u32" },
    workgroup: [THREADS, 1, 1],
    main: `  let tile = ${GROUP} * ${THREADS}u + lane;
  if (tile >= p.count) { return; }
  let row = ((tile / p.across) % p.down) * ${TILE}u;
  let column = (tile % p.across) * ${TILE}u;
  let matrix = tile / (p.across * p.down);
  let fromA = matrix * p.m * p.k;
  let fromB = matrix * p.nextB;
  let rows = min(vec4u(row, row + 1u, row + 2u, row + 3u), vec4u(p.m - 1u));
  let columns = min(vec4u(column, column + 1u, column + 2u, column + 3u), vec4u(p.n - 1u));
${tiles.map((r) => `  var sum${r} = vec4f();\n`).join("")}  for (var j = 0u; j < p.k; j++) {
    let y = vec4f(${tiles.map(b).join(", ")});
${tiles.map((r) => `    sum${r} = fma(vec4f(${a(r)}), y, sum${r});\n`).join("")}  }
  let to = matrix * p.m * p.n;
${tiles
  .map(
    (r) => `  if (row + ${r}u < p.m) {
    for (var s = 0u; s < ${TILE}u; s++) { if (column + s < p.n) { store_c(to + (row + ${r}u) * p.n + column + s, sum${r}[s]); } }
  }
`,
  )
  .join("")}`,
  });
});

export function productLaunch({ batch, m, n, k, ta, tb, shared }: Product, ofA: Storage, ofB: Storage): Launch {
  const [across, down] = [Math.ceil(n / TILE), Math.ceil(m / TILE)];
  const count = batch * across * down;
  const params = [count, m, n, k, across, down, shared ? 0 : k * n];
  return { program: productProgram(ta, tb, ofA, ofB), params, groups: inRow(Math.ceil(count / THREADS)), macs: batch * m * n * k };
}
