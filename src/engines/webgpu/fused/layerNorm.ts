/** LayerNorm (E4), (G10): a row at a time, its mean before its variance. */
import { layerNorm } from "../../../ops/layerNorm.ts";
import { fuse } from "../../../ops/observe.ts";
import { axis } from "../../../tensor/tensor.ts";
import { columnSums } from "../kernels/columns.ts";
import { eachOfRow, fillRow, rowGroups, rowText, rowTeam, type RowTeam } from "../kernels/rows.ts";
import { program, variants, type Program, type Storage } from "../program.ts";
import { rowsOf, takeActivation, type FusedKernel } from "./kernel.ts";

const forwardProgram = variants((team: RowTeam, ofX: Storage, ofY: Storage): Program => {
  const rows = rowText(team);
  const xHat = (i: string): string => `(load_x(${i}) - mean) * r`;
  return program({
    ...rows,
    name: "layerNorm",
    tensors: { y: ofY, xHat: ofY, rstd: "f32", x: ofX, gamma: "f32", beta: "f32" },
    params: { rows: "u32", n: "u32", eps: "f32" },
    main: `${rows.head}  var sum = 0.0;
${eachOfRow("sum += load_x(at + j);")}  let mean = sum_of(sum) / f32(p.n);
  var squares = 0.0;
${eachOfRow("let c = load_x(at + j) - mean; squares += c * c;")}  let r = 1.0 / sqrt(sum_of(squares) / f32(p.n) + p.eps);
  if (leads) { store_rstd(row, r); }
${fillRow(ofY, { xHat, y: (i, j) => `${xHat(i)} * load_gamma(${j}) + load_beta(${j})` })}`,
  });
});

const dxProgram = variants((team: RowTeam, ofDy: Storage, ofXHat: Storage): Program => {
  const rows = rowText(team);
  return program({
    ...rows,
    name: "layerNorm vjp",
    tensors: { dx: "f32", dy: ofDy, xHat: ofXHat, rstd: "f32", gamma: "f32" },
    params: { rows: "u32", n: "u32" },
    main: `${rows.head}  var ofOnes = 0.0;
  var ofXHat = 0.0;
${eachOfRow("let h = load_dy(at + j) * load_gamma(j); ofOnes += h; ofXHat += h * load_xHat(at + j);")}  let alongOnes = sum_of(ofOnes) / f32(p.n);
  let alongXHat = sum_of(ofXHat) / f32(p.n);
  let r = load_rstd(row);
${fillRow("f32", { dx: (i, j) => `(load_dy(${i}) * load_gamma(${j}) - alongOnes - load_xHat(${i}) * alongXHat) * r` })}`,
  });
});

/** γ̄ = Σ ȳ ⊙ x̂, β̄ = Σ ȳ */
const dParams = variants((ofDy: Storage, ofXHat: Storage) =>
  columnSums({ name: "layerNorm", tensors: { dy: ofDy, xHat: ofXHat }, terms: ["load_dy(i) * load_xHat(i)", "load_dy(i)"] }),
);

export const layerNormKernel: FusedKernel = (access, heap) => {
  const { facts, run, storage } = access;
  const kernel: typeof layerNorm = {
    name: layerNorm.name,
    forward: (_, { x, params: { weight: gamma, bias: beta } }, { eps }) => {
      const [rows, n] = [rowsOf(x.shape), axis(x.shape, -1)];
      const [y, xHat, rstd] = [
        takeActivation(access, heap, x.shape),
        takeActivation(access, heap, x.shape),
        heap.take([...x.shape.slice(0, -1), 1]),
      ];
      const team = rowTeam(facts, n);
      const launch = { program: forwardProgram(team, storage(x), storage(y)), params: [rows, n, eps], groups: rowGroups(team, rows) };
      run(launch, y, xHat, rstd, x, gamma, beta);
      return { out: y, saved: { xHat, rstd, gamma } };
    },
    vjp: (_, { xHat, rstd, gamma }, dy) => {
      const [rows, n] = [rowsOf(dy.shape), axis(dy.shape, -1)];
      const [dx, dGamma, dBeta] = [heap.take(dy.shape), heap.take([n]), heap.take([n])];
      const team = rowTeam(facts, n);
      const launch = { program: dxProgram(team, storage(dy), storage(xHat)), params: [rows, n], groups: rowGroups(team, rows) };
      run(launch, dx, dy, xHat, rstd, gamma);
      dParams(storage(dy), storage(xHat))(access, rows, n, [dGamma, dBeta], [dy, xHat]);
      return { x: dx, params: { weight: dGamma, bias: dBeta } };
    },
  };
  return fuse(layerNorm, kernel);
};
