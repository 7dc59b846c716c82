/**
 * The fused kernels of routines, to which the laws of ops do not apply: the optimisers, the moving average, the running statistics, the loss scale,
 * the keep mask, and the processing of a batch.
 */
import type { Draw } from "../../check/draw.ts";
import { upload, type Host, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { keepMask } from "../../ops/keepMask.ts";
import { unfused } from "../../ops/observe.ts";
import type { Routine } from "../../ops/op.ts";
import { runningStatistics } from "../../teacher/runningStatistics.ts";
import { adamwLeaf, adamwLeaves, type Corrections } from "../../train/optimizer/adamw.ts";
import { averagedLeaves } from "../../train/optimizer/averaged.ts";
import { cutMix } from "../../train/mixing/cutMix.ts";
import type { ByName, LeavesAttrs } from "../../train/optimizer/eachLeaf.ts";
import { emaLeaf, emaLeaves } from "../../train/optimizer/ema.ts";
import { clippedLeaves, normOfLeaves } from "../../train/optimizer/clip.ts";
import { nextLossScale, unscaledLeaf, unscaledLeaves } from "../../train/optimizer/lossScale.ts";
import { mixup } from "../../train/mixing/mixup.ts";
import { normalisePixels, type PixelInputs } from "../../train/mixing/normalisePixels.ts";
import { sgdLeaf } from "../../train/optimizer/sgd.ts";
import { claimsRow, type Claim } from "../cases/claim.ts";
import { tabulate } from "../loops/matrix.ts";
import { mapped } from "../loops/rows.ts";
import { drawAdamW, drawLossScale, drawSgd, NON_FINITE, scaleArrays } from "../cases/optimizerCase.ts";
import { leading, severalRows, sizes } from "../cases/sizes.ts";
import { buffers } from "../cases/teacherParams.ts";

/** The claim that the engine's routine equals its definition. Each runs on its own copy of the inputs. */
function same<In, Attrs, Out>(routine: Routine<In, Attrs, Out>, inputs: Host<In>, attrs: Attrs): Claim {
  const run = (k: Kernels): Out => routine.run(k, upload<In>(k, inputs), attrs);
  return { actual: run, equals: (k) => run(unfused(k)) };
}

/** A scalar. */
const single = (value: number): HostArray => tabulate([], () => value);

const corrections = (draw: Draw): Host<Corrections> => ({
  rate: single(draw.round(draw.real(0.01, 2))),
  unbias: single(draw.round(draw.real(1, 30))),
});

/** A copy with one element NaN or infinite. */
function withNonFinite({ shape, data }: HostArray, draw: Draw): HostArray {
  const at = draw.integer(0, data.length - 1);
  const value = draw.oneOf(NON_FINITE);
  return { shape, data: data.map((x, i) => (i === at ? value : x)) };
}

/** Several parameters, each with a shape of its own. */
const several = <T>(draw: Draw, leaf: (array: () => HostArray) => T): ByName<T> =>
  Object.fromEntries(
    Array.from({ length: draw.integer(1, MOST_LEAVES) }, (_, i) => {
      const shape = severalRows(draw);
      return [`blocks.${i}.weight`, leaf(() => draw.array(shape))];
    }),
  );

const MOST_LEAVES = 4;

/** The attrs of each of `several` parameters. */
function ofEach<T>(attrs: () => T): LeavesAttrs<T> {
  const drawn = Array.from({ length: MOST_LEAVES }, attrs);
  return { of: (name) => drawn[Number(name.split(".")[1])] ?? attrs() };
}

/** The processing of a batch: each routine on numbers of the host, and on the output of another kernel, as the engine stores it. */
function mixingClaims(draw: Draw): readonly Claim[] {
  const [C, H, W] = [draw.integer(1, 3), ...sizes(draw, 2)] as const;
  const B = 2 * draw.integer(1, 2);
  const span = (side = 0): readonly [number, number] => {
    const from = draw.integer(0, side);
    return [from, draw.integer(from, side)];
  };
  const [box, lambda] = [{ rows: span(H), columns: span(W) }, draw.real(0, 1)];
  const x = draw.array([B, C, H ?? 0, W ?? 0]);
  const pixels: Host<PixelInputs> = { x, mean: draw.array([C]), std: mapped(draw.array([C]), (s) => draw.round(1 + s * s)) };
  const inSequence = (k: Kernels): unknown => {
    const normalised = normalisePixels.run(k, upload<PixelInputs>(k, pixels));
    const cut = cutMix.run(k, { x: normalised }, box);
    return { normalised, cut, mixed: mixup.run(k, { x: cut }, { lambda }) };
  };
  return [
    same(mixup, { x: draw.array([B, ...leading(draw)]) }, { lambda }),
    same(cutMix, { x }, box),
    { actual: inSequence, equals: (k) => inSequence(unfused(k)) },
  ];
}

/** Draws are multiples of 2⁻²⁴; some rates are too, because a draw that equals the rate must be kept. */
function keepMaskClaims(draw: Draw): readonly Claim[] {
  const rate = draw.oneOf([0, 0.5, draw.real(0, 0.9), draw.integer(0, 2 ** 23) / 2 ** 24]);
  return [same(keepMask, null, { key: draw.key(), shape: draw.oneOf([[], severalRows(draw)]), rate })];
}

function claims(draw: Draw): readonly Claim[] {
  const shape = severalRows(draw);
  const array = (): HostArray => draw.array(shape);
  const squared = (a: HostArray): HostArray => mapped(a, (x) => draw.round(x * x));
  const C = draw.integer(1, 9);
  const stats = { mean: draw.array([C]), variance: buffers(draw, C).running_var };
  return [
    ...[null, single(0), single(1)].flatMap((finite) => [
      same(adamwLeaf, { theta: array(), m: array(), v: squared(array()), grad: array(), finite, ...corrections(draw) }, drawAdamW(draw, 1)),
      ...[null, array()].map((buffer) => same(sgdLeaf, { theta: array(), buffer, grad: array(), finite }, drawSgd(draw))),
      same(emaLeaf, { average: array(), theta: array(), finite }, { decay: draw.real(0.6, 0.99) }),
      same(
        adamwLeaves,
        {
          leaves: several(draw, (own) => ({ theta: own(), m: own(), v: squared(own()), grad: own() })),
          shared: { finite, ...corrections(draw) },
        },
        ofEach(() => drawAdamW(draw, 1)),
      ),
      same(
        averagedLeaves,
        {
          leaves: several(draw, (own) => ({ theta: own(), m: own(), v: squared(own()), grad: own(), average: own() })),
          shared: { finite, ...corrections(draw) },
        },
        ofEach(() => ({ ...drawAdamW(draw, 1), decay: draw.real(0.6, 0.99) })),
      ),
      same(
        emaLeaves,
        { leaves: several(draw, (own) => ({ average: own(), theta: own() })), shared: { finite } },
        ofEach(() => ({ decay: draw.real(0.6, 0.99) })),
      ),
    ]),
    ...[array(), withNonFinite(array(), draw)].map((last) =>
      same(
        unscaledLeaves,
        { grads: { ...several(draw, (own) => own()), last }, inverse: single(2 ** draw.integer(-24, 14)) },
        { withNorm: false },
      ),
    ),
    same(unscaledLeaves, { grads: several(draw, (own) => own()), inverse: single(2 ** draw.integer(-14, 14)) }, { withNorm: true }),
    same(
      normOfLeaves,
      several(draw, (own) => own()),
      undefined,
    ),
    same(clippedLeaves, { grads: several(draw, (own) => own()), factor: single(draw.real(0.1, 1)) }, undefined),
    ...[array(), withNonFinite(array(), draw)].map((grad) =>
      same(unscaledLeaf, { grad, inverse: single(2 ** draw.integer(-24, 14)) }, undefined),
    ),
    ...[0, 1].map((finite) =>
      same(nextLossScale, { ...scaleArrays(drawLossScale(draw, draw.integer(1, 99))), finite: single(finite) }, undefined),
    ),
    same(runningStatistics, { running: buffers(draw, C), stats }, { momentum: draw.real(0.05, 0.95) }),
    ...mixingClaims(draw),
    ...keepMaskClaims(draw),
  ];
}

export const fusedRoutinesRow: Row = claimsRow(
  "identity/fused-routines",
  "the fused kernels of optimisers, average, running statistics, loss scale, draws, mixing and pixels equal their definitions",
  claims,
  "parity",
);
