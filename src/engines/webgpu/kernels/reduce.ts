/** Many elements in, one out: sums, means, maxima and their places; and the one-hot rows that undo a place. */
import { axis, size, type Tensor } from "../../../tensor/tensor.ts";
import type { ReduceLoops } from "../../region.ts";
import type { DeviceCapabilities } from "../capabilities.ts";
import { program, variants, type Launch, type Program, type Storage } from "../program.ts";
import type { Access } from "../run.ts";
import { columnSums } from "./columns.ts";
import { each, EACH } from "./elementwise.ts";
import { eachOfRow, rowGroups, rowText, rowTeam, type RowTeam } from "./rows.ts";

const sumProgram = variants((team: RowTeam, storage: Storage): Program => {
  const rows = rowText(team);
  return program({
    ...rows,
    name: "sumLast",
    tensors: { out: "f32", a: storage },
    params: { rows: "u32", n: "u32", factor: "f32" },
    main: `${rows.head}  var sum = 0.0;
${eachOfRow("sum += load_a(at + j);")}  let total = sum_of(sum);
  if (leads) { store_out(row, total * p.factor); }`,
  });
});

/** A thread beyond the end of a short row begins with the row's first number, which changes no maximum. */
const maxProgram = variants((team: RowTeam, storage: Storage): Program => {
  const rows = rowText(team);
  return program({
    ...rows,
    name: "maxLast",
    tensors: { out: "f32", a: storage },
    params: { rows: "u32", n: "u32" },
    main: `${rows.head}  var most = load_a(at);
${eachOfRow("most = max(most, load_a(at + j));")}  let all = max_of(most);
  if (leads) { store_out(row, all); }`,
  });
});

const argmaxProgram = variants((storage: Storage): Program => {
  const rows = rowText("thread");
  return program({
    ...rows,
    name: "argmaxLast",
    tensors: { out: "f32", a: storage },
    params: { rows: "u32", n: "u32" },
    main: `${rows.head}  var best = 0u;
  for (var j = 1u; j < p.n; j++) {
    if (load_a(at + j) > load_a(at + best)) { best = j; }
  }
  store_out(row, f32(best));`,
  });
});

const columns = variants((storage: Storage) => columnSums({ name: "sumLeading", tensors: { a: storage }, terms: ["load_a(i)"] }));

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

/** Sums of rows of n, each times a factor. */
export function sumLaunch(facts: DeviceCapabilities, storage: Storage, rows: number, n: number, factor: number): Launch {
  const team = rowTeam(facts, n);
  return { program: sumProgram(team, storage), params: [rows, n, factor], groups: rowGroups(team, rows) };
}

export function reduce(access: Access): ReduceLoops {
  const { facts, run, storage, faults } = access;
  const sums = (out: Tensor, a: Tensor, factor: number): void =>
    run(sumLaunch(facts, storage(a), size(out.shape), axis(a.shape, -1), factor), out, a);
  return {
    sumLast: (out, a) => sums(out, a, 1),
    meanLast: (out, a) => sums(out, a, 1 / axis(a.shape, -1)),
    maxLast: (out, a) => {
      const [rows, n] = [size(out.shape), axis(a.shape, -1)];
      const team = rowTeam(facts, n);
      run({ program: maxProgram(team, storage(a)), params: [rows, n], groups: rowGroups(team, rows) }, out, a);
    },
    sumLeading: (out, a, count) => columns(storage(a))(access, size(a.shape.slice(0, count)), size(out.shape), [out], [a]),
    argmaxLast: (out, a) => {
      const [rows, n] = [size(out.shape), axis(a.shape, -1)];
      run({ program: argmaxProgram(storage(a)), params: [rows, n], groups: rowGroups("thread", rows) }, out, a);
    },
    oneHot: (out, labels, classes) => {
      const n = size(out.shape);
      run({ program: oneHotProgram, params: [n, classes], groups: each(n) }, out, labels, faults);
    },
  };
}
