/** Many elements in, one out: sums, means, maxima and their places; and the one-hot rows that undo a place. */
import { axis, size, type Tensor } from "../../../tensor/tensor.ts";
import type { ReduceLoops } from "../../region.ts";
import { inRow, program, variants, GROUP, type Program, type Storage } from "../program.ts";
import { SCRATCH_BYTES, type Access } from "../run.ts";
import { each, EACH } from "./elementwise.ts";
import { rowGroups, rowText, rowWidth, type RowWidth } from "./rows.ts";

const sumProgram = variants((width: RowWidth, storage: Storage): Program => {
  const rows = rowText(width);
  return program({
    ...rows,
    name: "sumLast",
    tensors: { out: "f32", a: storage },
    params: { rows: "u32", n: "u32", factor: "f32" },
    main: `${rows.head}  var sum = 0.0;
  for (var j = first; j < p.n; j += WIDTH) { sum += load_a(row * p.n + j); }
  let total = sum_of(sum);
  if (leads) { store_out(row, total * p.factor); }`,
  });
});

/** A thread beyond the end of a short row begins with the row's first number, which changes no maximum. */
const maxProgram = variants((width: RowWidth, storage: Storage): Program => {
  const rows = rowText(width);
  return program({
    ...rows,
    name: "maxLast",
    tensors: { out: "f32", a: storage },
    params: { rows: "u32", n: "u32" },
    main: `${rows.head}  var most = load_a(row * p.n);
  for (var j = first; j < p.n; j += WIDTH) { most = max(most, load_a(row * p.n + j)); }
  let all = max_of(most);
  if (leads) { store_out(row, all); }`,
  });
});

const argmaxProgram = variants((storage: Storage): Program => {
  const rows = rowText(1);
  return program({
    ...rows,
    name: "argmaxLast",
    tensors: { out: "f32", a: storage },
    params: { rows: "u32", n: "u32" },
    main: `${rows.head}  var best = 0u;
  for (var j = 1u; j < p.n; j++) {
    if (load_a(row * p.n + j) > load_a(row * p.n + best)) { best = j; }
  }
  store_out(row, f32(best));`,
  });
});

const COLUMNS = 64;

/** Sums of `p.length` rows each, below one another: chunk c of the rows makes row c of the result. */
const columnsProgram = variants((storage: Storage): Program =>
  program({
    name: "sumLeading",
    tensors: { out: "f32", a: storage },
    params: { rows: "u32", n: "u32", length: "u32", strips: "u32" },
    workgroup: [COLUMNS, 1, 1],
    main: `  let chunk = ${GROUP} / p.strips;
  let column = (${GROUP} % p.strips) * ${COLUMNS}u + lane;
  let start = chunk * p.length;
  if (column >= p.n || start >= max(p.rows, 1u)) { return; }
  var sum = 0.0;
  for (var i = start; i < min(start + p.length, p.rows); i++) { sum += load_a(i * p.n + column); }
  store_out(chunk * p.n + column, sum);`,
  }),
);

const oneHotProgram = program({
  name: "oneHot",
  tensors: { out: "f32", labels: "f32", faults: "u32" },
  params: { n: "u32", classes: "u32" },
  workgroup: [256, 1, 1],
  main: `${EACH}  let label = labels[i / p.classes];
  let place = i % p.classes;
  out[i] = select(0.0, 1.0, label == f32(place));
  if (place == 0u && !(label >= 0.0 && label < f32(p.classes) && floor(label) == label)) {
    faults[0] = 1u;
    faults[1] = i / p.classes;
    faults[2] = bitcast<u32>(label);
  }`,
});

/** Rows that one thread adds up at most, where there are other threads to do the rest. */
const CHUNK = 128;

export function reduce({ facts, run, storage, scratch, faults }: Access): ReduceLoops {
  const sums = (out: Tensor, a: Tensor, factor: number): void => {
    const [rows, n] = [size(out.shape), axis(a.shape, -1)];
    const width = rowWidth(facts, n);
    run({ program: sumProgram(width, storage(a)), params: [rows, n, factor], groups: rowGroups(width, rows) }, out, a);
  };
  /** The sum of `rows` rows of n; long columns in two stages. */
  const sumColumns = (out: Tensor, a: Tensor, rows: number, n: number): void => {
    const most = Math.floor(SCRATCH_BYTES / 4 / Math.max(1, n));
    const chunks = Math.max(1, Math.min(Math.ceil(rows / CHUNK), most));
    const strips = Math.ceil(n / COLUMNS);
    const stage = (of: Storage, count: number, length: number) => ({
      program: columnsProgram(of),
      params: [count, n, length, strips],
      groups: inRow(strips * Math.max(1, Math.ceil(count / Math.max(1, length)))),
    });
    if (chunks === 1) return run(stage(storage(a), rows, rows), out, a);
    const length = Math.ceil(rows / chunks);
    run(stage(storage(a), rows, length), scratch, a);
    run(stage("f32", Math.ceil(rows / length), rows), out, scratch);
  };
  return {
    sumLast: (out, a) => sums(out, a, 1),
    meanLast: (out, a) => sums(out, a, 1 / axis(a.shape, -1)),
    maxLast: (out, a) => {
      const [rows, n] = [size(out.shape), axis(a.shape, -1)];
      const width = rowWidth(facts, n);
      run({ program: maxProgram(width, storage(a)), params: [rows, n], groups: rowGroups(width, rows) }, out, a);
    },
    sumLeading: (out, a, count) => sumColumns(out, a, size(a.shape.slice(0, count)), size(out.shape)),
    argmaxLast: (out, a) => {
      const [rows, n] = [size(out.shape), axis(a.shape, -1)];
      run({ program: argmaxProgram(storage(a)), params: [rows, n], groups: rowGroups(1, rows) }, out, a);
    },
    oneHot: (out, labels, classes) => {
      const n = size(out.shape);
      run({ program: oneHotProgram, params: [n, classes], groups: each(n) }, out, labels, faults);
    },
  };
}
