/** Rows of position resizing, (E16), (E17) and (G19): the project's op and its matrix R against plain loops (loops/positions.ts). */
import { gap } from "../../check/close.ts";
import type { Draw } from "../../check/draw.ts";
import { hostArray, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { tolerances } from "../../check/tolerance.ts";
import { deitConfig, prefixCount } from "../../model/config.ts";
import { positionMethods, resizedPositions } from "../../model/resizedPositions.ts";
import { positionResize, resizeMatrix, type Resampling } from "../../ops/positionResize.ts";
import { positionResizeCall } from "../cases/calls/positions.ts";
import { errorOf, forwardClaim, vjpClaim, claimsRow, type Claim } from "../cases/claim.ts";
import { hostRow } from "../cases/row.ts";
import { at, sum, tabulate } from "../loops/matrix.ts";
import * as loops from "../loops/positions.ts";

/** The project's R, [m, n]. */
const matrix = (n: number, m: number, resampling: Resampling): HostArray => hostArray([m, n], resizeMatrix(n, m, resampling));

/** DeiT's own case, 224 → 384. */
const [FROM, TO] = [14, 24] as const;

const most = (n: number, f: (i: number) => number): number => Math.max(0, ...Array.from({ length: n }, (_, i) => f(i)));

/** Row i of R has weights at f−1 … f+2 only. The outer two are a·t(1−t)² and a·t²(1−t), so that the last one's share of their sum is t. */
function phaseError(R: HostArray, i: number, { f, t }: ReturnType<typeof loops.phase>): number {
  const [, n = 0] = R.shape;
  if (f < 1 || f + 2 >= n) return 0; // a clamped tap: (E17)
  const outside = most(n, (j) => (j < f - 1 || j > f + 2 ? Math.abs(at(R, i, j)) : 0));
  if (t === 0) return Math.max(outside, Math.abs(at(R, i, f) - 1));
  const [before, after] = [at(R, i, f - 1), at(R, i, f + 2)];
  return Math.max(outside, Math.abs(after / (before + after) - t));
}

function phasesError(draw: Draw): number {
  const [n, m] = [draw.integer(5, 30), draw.integer(1, 30)];
  const [R, ofDeit] = [matrix(n, m, "deit"), matrix(FROM, TO, "deit")];
  const drawn = most(m, (i) => phaseError(R, i, loops.phase(n, m, i)));
  const printed = most(TO, (i) => {
    const { f } = loops.printedTaps(i);
    return phaseError(ofDeit, i, { f, t: (FROM * (2 * i + 1) - TO) / (2 * TO) - f });
  });
  return Math.max(drawn, printed);
}

/** R of 14 → 24 from the fractions of deit.md section 12. */
const printedMatrix: HostArray = tabulate([TO, FROM], (i, column) => {
  const { f, weights } = loops.printedTaps(i);
  return weights.reduce((total, weight, j) => total + (Math.min(Math.max(f - 1 + j, 0), FROM - 1) === column ? weight : 0), 0);
});

/** The first entries of the rows 0 and 1 of 14 → 24 to six places; the others are 0. Those of deit and timm as printed, of the others by hand. */
const PRINTED_ROWS: { readonly [R in Resampling]: readonly (readonly number[])[] } = {
  deit: [
    [1.097928, -0.097928],
    [0.639648, 0.42627, -0.065918],
  ],
  timm: [
    [1.077741, -0.077741],
    [0.677889, 0.363057, -0.040946],
  ],
  bilinear: [[1], [0.625, 0.375]],
  nearest: [[1], [1]],
};

/** 0 if the rows round to the printed entries, otherwise Infinity. */
function printedRowsError(resampling: Resampling): number {
  const R = matrix(FROM, TO, resampling);
  const agrees = PRINTED_ROWS[resampling].every((printed, i) =>
    Array.from({ length: FROM }, (_, j) => Number(at(R, i, j).toFixed(6)) === (printed[j] ?? 0)).every(Boolean),
  );
  return agrees ? 0 : Infinity;
}

/** R against loops for any n → m; its rows sum to 1; but for timm's, R for n = m is I, bitwise. */
function matrixError(draw: Draw, resampling: Resampling): number {
  const [n, m] = [draw.integer(1, 30), draw.integer(1, 40)];
  const R = matrix(n, m, resampling);
  const sums = most(m, (i) => Math.abs(sum(n, (j) => at(R, i, j)) - 1));
  const same = gap(
    matrix(n, n, resampling),
    tabulate([n, n], (i, j) => (i === j ? 1 : 0)),
  );
  return Math.max(gap(R, loops.resizeMatrix(n, m, resampling)), sums, resampling === "timm" || same === 0 ? 0 : Infinity);
}

/** A row of the matrix R, which the host computes, and of R X R′ᵀ. */
const resampled = (id: string, title: string, resampling: Resampling, printed: () => number): Row => ({
  id,
  title,
  tolerance: tolerances.equation,
  error: async (engine, draw) => {
    const claim = forwardClaim(positionResize, positionResizeCall(draw, resampling));
    const onHost = Math.max(matrixError(draw, resampling), printedRowsError(resampling), printed());
    return onHost <= tolerances.equation.f64.bound ? Math.max(onHost, await errorOf(engine, [claim])) : Infinity;
  },
});

function vjpClaims(draw: Draw): readonly Claim[] {
  return (["deit", "timm", "bilinear", "nearest"] as const).map((resampling) => {
    const call = positionResizeCall(draw, resampling);
    const dY = draw.array(call.expected.shape);
    return vjpClaim(positionResize, call, dY, { pos: loops.positionResizeVjp(dY, call.attrs) });
  });
}

/** Channels of the vectors whose norms are kept: so many that few resized ones are close to 0. */
const WIDTH = 8;

/** Positions of a model for another size of images, by each method; some vectors are 0, and some long enough for negative cubic weights to show. */
function methodClaims(draw: Draw): readonly Claim[] {
  const [n, m] = [draw.integer(1, 6), draw.integer(1, 8)];
  const patchSize = draw.integer(1, 2);
  const config = { ...deitConfig("deit-tiny"), distilled: draw.oneOf([true, false]), patchSize, width: WIDTH, heads: 1 };
  const [from, to] = [
    { ...config, imageSize: n * patchSize },
    { ...config, imageSize: m * patchSize },
  ];
  const prefix = prefixCount(config);
  const lengths = Array.from({ length: prefix + n * n }, () => draw.oneOf([0, 1, 1, 8]));
  const drawn = draw.array([1, prefix + n * n, WIDTH]);
  const pos = tabulate(drawn.shape, (_, token, c) => (lengths[token] ?? NaN) * at(drawn, 0, token, c));
  return positionMethods.map((method) => {
    const resampling = method.startsWith("bicubic") ? "deit" : method.startsWith("bilinear") ? "bilinear" : "nearest";
    const expected = method.endsWith("-norm") ? loops.positionResizeWithNorms : loops.positionResize;
    return {
      actual: (k) => resizedPositions(k, k.upload(pos.shape, pos.data), from, to, method),
      expected: expected(pos, { from: [n, n], to: [m, m], prefix, resampling }),
    };
  });
}

export const positionRows: readonly Row[] = [
  hostRow("E16", "phases of position resizing, against fractions", phasesError, "equation"),
  resampled("E17", "cubic weights with clamped taps, and the resized embedding", "deit", () =>
    gap(matrix(FROM, TO, "deit"), printedMatrix),
  ),
  claimsRow("G19", "gradient of position resizing", vjpClaims),
  resampled("identity/timm-resampling", "position resizing by timm's antialiased rule", "timm", () => 0),
  resampled("identity/bilinear-resampling", "position resizing by linear interpolation along both sides", "bilinear", () => 0),
  resampled("identity/nearest-resampling", "position resizing by copies of the nearest", "nearest", () => 0),
  claimsRow("identity/position-methods", "positions of a model resized by each method, and with the resized norms", methodClaims),
];
