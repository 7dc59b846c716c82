/** LayerNorm (E4), (G10): a team of threads for each row, which finds the mean, then the variance. */
import { layerNorm } from "../../../ops/layerNorm.ts";
import { fuse } from "../../../ops/observe.ts";
import { axis } from "../../../tensor/tensor.ts";
import { columnSums } from "../kernels/columns.ts";
import { rowGroups, rowText, rowTeam, type RowTeam } from "../kernels/rows.ts";
import type { Storage } from "../accessors.ts";
import { memoized, program, type Program } from "../program.ts";
import { rowsOf, takeActivation, type FusedKernel } from "./kernel.ts";

const forwardProgram = memoized((team: RowTeam, ofX: Storage, ofY: Storage): Program => {
  const rows = rowText(team);
  const xHat = (i: string): string => `(load_x(${i}) - mean) * r`;
  return program({
    ...rows.common,
    name: "layerNorm",
    tensors: { y: ofY, xHat: ofY, rstd: "f32", x: ofX, gamma: "f32", beta: "f32" },
    params: { rows: "u32", n: "u32", eps: "f32" },
    main: `${rows.head}  var sum = 0.0;
${rows.each((i) => `sum += load_x(${i});`)}  let mean = ${rows.sum("sum")} / f32(p.n);
  var squares = 0.0;
${rows.each((i) => `let c = load_x(${i}) - mean; squares += c * c;`)}  let r = 1.0 / sqrt(${rows.sum("squares")} / f32(p.n) + p.eps);
  if (${rows.leads}) { store_rstd(${rows.row}, r); }
${rows.fill(ofY === "f16" ? 2 : 1, { xHat, y: (i, j) => `${xHat(i)} * load_gamma(${j}) + load_beta(${j})` })}`,
  });
});

/** @param unit numbers that are stored at a time: 2 in rows of even length */
const dxProgram = memoized((team: RowTeam, unit: 1 | 2, ofDy: Storage, ofXHat: Storage): Program => {
  const rows = rowText(team);
  return program({
    ...rows.common,
    name: "layerNorm vjp",
    covers: ["dx"],
    tensors: { dx: "f32", dy: ofDy, xHat: ofXHat, rstd: "f32", gamma: "f32" },
    params: { rows: "u32", n: "u32" },
    main: `${rows.head}  var ofOnes = 0.0;
  var ofXHat = 0.0;
${rows.each((i, j) => `let h = load_dy(${i}) * load_gamma(${j}); ofOnes += h; ofXHat += h * load_xHat(${i});`)}  let alongOnes = ${rows.sum("ofOnes")} / f32(p.n);
  let alongXHat = ${rows.sum("ofXHat")} / f32(p.n);
  let r = load_rstd(${rows.row});
${rows.fill(unit, { dx: (i, j) => `(load_dy(${i}) * load_gamma(${j}) - alongOnes - load_xHat(${i}) * alongXHat) * r` })}`,
  });
});

/** γ̄ = Σ ȳ ⊙ x̂, β̄ = Σ ȳ */
const dParams = memoized((ofDy: Storage, ofXHat: Storage) =>
  columnSums({
    name: "layerNorm",
    tensors: { dy: ofDy, xHat: ofXHat },
    terms: [({ i }) => `load_dy(${i}) * load_xHat(${i})`, ({ i }) => `load_dy(${i})`],
  }),
);

export const layerNormKernel: FusedKernel = (access, heap) => {
  const { capabilities, run, storage } = access;
  const kernel: typeof layerNorm = {
    name: layerNorm.name,
    forward: (_, { x, params: { weight: gamma, bias: beta } }, { eps }) => {
      const [rows, n] = [rowsOf(x.shape), axis(x.shape, -1)];
      const [y, xHat, rstd] = [
        takeActivation(access, heap, x.shape),
        takeActivation(access, heap, x.shape),
        heap.take([...x.shape.slice(0, -1), 1]),
      ];
      const team = rowTeam(capabilities, n);
      const dispatch = { program: forwardProgram(team, storage(x), storage(y)), params: [rows, n, eps], groups: rowGroups(team, rows) };
      run(dispatch, y, xHat, rstd, x, gamma, beta);
      return { out: y, saved: { xHat, rstd, gamma } };
    },
    vjp: (_, { xHat, rstd, gamma }, dy) => {
      const [rows, n] = [rowsOf(dy.shape), axis(dy.shape, -1)];
      const [dx, dGamma, dBeta] = [heap.take(dy.shape), heap.take([n]), heap.take([n])];
      const team = rowTeam(capabilities, n);
      const made = dxProgram(team, n % 2 === 0 ? 2 : 1, storage(dy), storage(xHat));
      run({ program: made, params: [rows, n], groups: rowGroups(team, rows) }, dx, dy, xHat, rstd, gamma);
      dParams(storage(dy), storage(xHat))(access, rows, n, [dGamma, dBeta], [dy, xHat]);
      return { x: dx, params: { weight: dGamma, bias: dBeta } };
    },
  };
  return fuse(layerNorm, kernel);
};
