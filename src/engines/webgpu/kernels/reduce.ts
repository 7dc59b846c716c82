/** Reductions over an axis: sums, means, maxima and their indices; and one-hot rows, which turn indices back into rows. */
import { axis, size, type Tensor } from "../../../tensor/tensor.ts";
import type { ReduceLoops } from "../../region.ts";
import type { Storage } from "../accessors.ts";
import type { DeviceCapabilities } from "../capabilities.ts";
import { memoized, program, type Dispatch, type Program } from "../program.ts";
import type { Access } from "../run.ts";
import { columnSums } from "./columns.ts";
import { NAN_WORD, nanTest, ONE_WORD } from "./math.ts";
import { elementDispatch, elementProgram } from "./perElement.ts";
import { rowGroups, rowText, rowTeam, type RowTeam } from "./rows.ts";

const sumProgram = memoized((team: RowTeam, storage: Storage): Program => {
  const rows = rowText(team);
  return program({
    ...rows.common,
    name: "sumLast",
    tensors: { out: "f32", a: storage },
    params: { rows: "u32", n: "u32", factor: "f32" },
    main: `${rows.head}  var sum = 0.0;
${rows.each((i) => `sum += load_a(${i});`)}  let total = ${rows.sum("sum")};
  if (${rows.leads}) { store_out(${rows.row}, total * p.factor); }`,
  });
});

/**
 * NaN if one of the numbers is, as `max` may then give any of them; the threads count them. A thread beyond the end of a short row starts from the
 * row's first number, which changes no maximum.
 */
const maxProgram = memoized((team: RowTeam, storage: Storage): Program => {
  const rows = rowText(team);
  return program({
    ...rows.common,
    name: "maxLast",
    tensors: { out: "f32", a: storage },
    params: { rows: "u32", n: "u32" },
    declarations: [...rows.common.declarations, nanTest],
    main: `${rows.head}  var most = load_a(${rows.first});
  var nans = 0.0;
${rows.each((i) => `let x = load_a(${i}); most = max(most, x); nans += select(0.0, 1.0, is_nan(x));`)}  let all = ${rows.max("most")};
  let any_nan = ${rows.sum("nans")} > 0.0;
  if (${rows.leads}) { store_out(${rows.row}, bitcast<f32>(select(bitcast<u32>(all), ${NAN_WORD}u, any_nan))); }`,
  });
});

const argmaxProgram = memoized((storage: Storage): Program => {
  const { common, head, first, row } = rowText("thread");
  return program({
    ...common,
    name: "argmaxLast",
    tensors: { out: "f32", a: storage },
    params: { rows: "u32", n: "u32" },
    main: `${head}  var best = 0u;
  for (var j = 1u; j < p.n; j++) {
    if (load_a(${first} + j) > load_a(${first} + best)) { best = j; }
  }
  store_out(${row}, f32(best));`,
  });
});

const columns = memoized((storage: Storage) =>
  columnSums({ name: "sumLeading", tensors: { a: storage }, terms: [({ i }) => `load_a(${i})`] }),
);

/**
 * A label that is no class leaves a fault: 1, the index of the label, and the label. Its row is NaN, and so is any loss of it, until the fault is
 * read. Whether it is a class is tested by bits, as a compiler may assume that no label is NaN; −0 is 0.
 */
const oneHotProgram = elementProgram({
  name: "oneHot",
  tensors: { out: "f32", labels: "f32", faults: "u32" },
  params: { classes: "u32" },
  main: (i) => `  let label = load_labels(${i} / p.classes);
  let place = ${i} % p.classes;
  let bits = bitcast<u32>(label);
  let nearest = min(u32(max(label, 0.0)), p.classes - 1u);
  let known = bits == bitcast<u32>(f32(nearest)) || bits == 0x80000000u;
  store_out(${i}, bitcast<f32>(select(${NAN_WORD}u, select(0u, ${ONE_WORD}u, place == nearest), known)));
  if (place == 0u && !known) {
    store_faults(0u, 1u);
    store_faults(1u, ${i} / p.classes);
    store_faults(2u, bits);
  }`,
});

/** Sums of rows of n numbers, each times a factor. */
export function sumDispatch(capabilities: DeviceCapabilities, storage: Storage, rows: number, n: number, factor: number): Dispatch {
  const team = rowTeam(capabilities, n);
  return { program: sumProgram(team, storage), params: [rows, n, factor], groups: rowGroups(team, rows) };
}

export function reduce(access: Access): ReduceLoops {
  const { capabilities, run, storage, faults } = access;
  const sums = (out: Tensor, a: Tensor, factor: number): void =>
    run(sumDispatch(capabilities, storage(a), size(out.shape), axis(a.shape, -1), factor), out, a);
  return {
    sumLast: (out, a) => sums(out, a, 1),
    meanLast: (out, a) => sums(out, a, 1 / axis(a.shape, -1)),
    maxLast: (out, a) => {
      const [rows, n] = [size(out.shape), axis(a.shape, -1)];
      const team = rowTeam(capabilities, n);
      run({ program: maxProgram(team, storage(a)), params: [rows, n], groups: rowGroups(team, rows) }, out, a);
    },
    sumLeading: (out, a, count) => columns(storage(a))(access, size(a.shape.slice(0, count)), size(out.shape), [out], [a]),
    argmaxLast: (out, a) => {
      const [rows, n] = [size(out.shape), axis(a.shape, -1)];
      run({ program: argmaxProgram(storage(a)), params: [rows, n], groups: rowGroups("thread", rows) }, out, a);
    },
    oneHot: (out, labels, classes) => run(elementDispatch(oneHotProgram, size(out.shape), [classes]), out, labels, faults),
  };
}
