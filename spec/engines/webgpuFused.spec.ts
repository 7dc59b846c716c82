/** The fused kernels of the WebGPU engine: at sizes that the laws do not draw, with the kernels of other devices, and with errors planted in their WGSL. */
import { describe, expect, it } from "vitest";
import { gapOfLeaves } from "../../src/check/close.ts";
import { drawOf, type Draw } from "../../src/check/draw.ts";
import { evaluate, upload, type Host } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { crossEntropy } from "../../src/losses/crossEntropy.ts";
import { scores } from "../../src/ops/attention.ts";
import { gelu } from "../../src/ops/gelu.ts";
import { keepMask } from "../../src/ops/keepMask.ts";
import { layerNorm, type LayerNormParams } from "../../src/ops/layerNorm.ts";
import { linear } from "../../src/ops/linear.ts";
import { logSoftmax } from "../../src/ops/logSoftmax.ts";
import type { Grads, Layer, Op } from "../../src/ops/op.ts";
import { residual } from "../../src/ops/residual.ts";
import { softmax } from "../../src/ops/softmax.ts";
import { mergeHeads, splitHeads, type QueriesKeysValues } from "../../src/ops/splitHeads.ts";
import { keyOf } from "../../src/tensor/key.ts";
import type { Shape, Tensor } from "../../src/tensor/tensor.ts";
import { cutMix } from "../../src/train/mixing/cutMix.ts";
import { erase } from "../../src/train/mixing/erase.ts";
import { mixup } from "../../src/train/mixing/mixup.ts";
import { normalisePixels, type PixelInputs } from "../../src/train/mixing/normalisePixels.ts";
import { gpuDevice, nullDevice, onGpu } from "../helpers/gpu.ts";
import { choices, plantIn, webgpuWith, type WgslError } from "../helpers/webgpu.ts";

/** Forward and VJP of one call: output, what is saved, gradients. */
type Trial = (k: Kernels) => unknown;

interface Call<In, Attrs, Out> {
  readonly inputs: Host<In>;
  readonly attrs: (k: Kernels) => Attrs;
  readonly dOut: Host<Grads<Out>>;
}

const trial =
  <In, Saved, Attrs, Out>(op: Op<In, Saved, Attrs, Out>, { inputs, attrs, dOut }: Call<In, Attrs, Out>): Trial =>
  (k) => {
    const { out, saved } = op.forward(k, upload<In>(k, inputs), attrs(k));
    return { out, saved, grads: op.vjp(k, saved, upload<Grads<Out>>(k, dOut)) };
  };

/** Runs a trial and reads nothing. */
const compile = ({ kernels }: Engine, one: Trial): null =>
  kernels.region("compile", () => {
    one(kernels);
    return null;
  });

const none = (): void => undefined;

const rowsAndColumns: readonly Shape[] = [
  [1, 1],
  [5, 1],
  [3, 31],
  [2, 97],
  [198, 64],
];
/** More rows than a dimension may have workgroups, each long enough for a workgroup. */
const manyRows: Shape = [65_600, 32];

const blocks: readonly Shape[] = [
  [1, 1, 1],
  [3, 5, 7],
  [2, 197, 6],
];

/** Rows, I and O of linear layers; the last needs split-K for its gradients. */
const layers: readonly Shape[] = [
  [3, 5, 7],
  [33, 64, 40],
  [1100, 12, 8],
];

const heads: readonly Shape[] = [
  [1, 1, 1, 1],
  [2, 3, 5, 7],
  [1, 2, 197, 64],
];

interface FusedCase {
  readonly name: string;
  readonly sizes: readonly Shape[];
  readonly made: (draw: Draw, shape: Shape) => Trial;
  readonly errors: readonly WgslError[];
}

/** Batches of images; the box of `cutMix` reaches from an odd column to the last but two. */
const images: readonly Shape[] = [
  [2, 1, 1, 3],
  [2, 3, 4, 8],
  [4, 3, 5, 7],
  [2, 2, 33, 46],
];

/** Pixels, stored as the engine stores activations. */
const pixels = (k: Kernels, { x, mean, std }: Host<PixelInputs>): Tensor =>
  normalisePixels.run(k, upload<PixelInputs>(k, { x, mean, std }));

const drawnPixels = (draw: Draw, shape: Shape): Host<PixelInputs> => {
  const channels = shape.slice(1, 2);
  return { x: draw.array(shape), mean: draw.array(channels), std: draw.array(channels, { mean: 4, deviation: 0.5 }) };
};

const targets = (draw: Draw, shape: Shape): ((k: Kernels) => { readonly target: Tensor }) => {
  const target = draw.array(shape);
  return (k) => ({ target: k.upload(shape, target.data) });
};

const normed = (draw: Draw, shape: Shape): Host<Layer<LayerNormParams>> => {
  const columns = shape.slice(-1);
  return { x: draw.array(shape, { mean: 3 }), params: { weight: draw.array(columns, { mean: 1 }), bias: draw.array(columns) } };
};

const cases: readonly FusedCase[] = [
  {
    name: "linear",
    sizes: layers,
    made: (draw, [rows = 0, I = 0, O = 0]) => {
      const inputs = { x: draw.array([rows, I]), params: { weight: draw.array([O, I]), bias: draw.array([O]) } };
      return trial(linear, { inputs, attrs: none, dOut: draw.array([rows, O]) });
    },
    errors: [
      { right: " + load4_bias(column / 4u)", wrong: "" },
      { right: "load_parts(split * p.next + i)", wrong: "load_parts(i)" },
    ],
  },
  {
    name: "scores",
    sizes: blocks,
    made: (draw, [heads = 0, N = 0, d = 0]) => {
      const inputs = { q: draw.array([heads, N, d]), keys: draw.array([heads, N + 1, d]) };
      return trial(scores, { inputs, attrs: none, dOut: draw.array([heads, N, N + 1]) });
    },
    errors: [{ right: "sums * p.scale", wrong: "sums" }],
  },
  {
    name: "layerNorm",
    sizes: rowsAndColumns,
    made: (draw, shape) => trial(layerNorm, { inputs: normed(draw, shape), attrs: () => ({ eps: 1e-2 }), dOut: draw.array(shape) }),
    errors: [
      { right: "load_x(at + j) - mean; squares", wrong: "load_x(at + j); squares" },
      { right: "+ p.eps", wrong: "" },
      { right: "- alongOnes", wrong: "" },
      { right: "sum0 += load_dy(i) * load_xHat(i)", wrong: "sum0 += load_dy(i)" },
    ],
  },
  {
    name: "softmax",
    sizes: rowsAndColumns,
    made: (draw, shape) => trial(softmax, { inputs: { z: draw.array(shape, { deviation: 60 }) }, attrs: none, dOut: draw.array(shape) }),
    errors: [
      { right: "- most)", wrong: ")" },
      { right: "load_ds(at + j) * load_s(at + j)", wrong: "load_ds(at + j)" },
    ],
  },
  {
    name: "logSoftmax",
    sizes: rowsAndColumns,
    made: (draw, shape) => trial(logSoftmax, { inputs: { z: draw.array(shape, { deviation: 60 }) }, attrs: none, dOut: draw.array(shape) }),
    errors: [
      { right: "- most)", wrong: ")" },
      { right: "- log_sum", wrong: "" },
    ],
  },
  {
    name: "crossEntropy",
    sizes: rowsAndColumns,
    made: (draw, shape) =>
      trial(crossEntropy, {
        inputs: { logits: draw.array(shape, { deviation: 3 }) },
        attrs: targets(draw, shape),
        dOut: draw.array([]),
      }),
    errors: [
      { right: "* p.factor", wrong: "" },
      { right: "/ f32(p.rows)", wrong: "" },
      { right: "* mass - load_q", wrong: "- load_q" },
    ],
  },
  {
    name: "gelu",
    sizes: blocks,
    made: (draw, shape) => trial(gelu, { inputs: { x: draw.array(shape, { deviation: 2 }) }, attrs: none, dOut: draw.array(shape) }),
    errors: [{ right: "gelu_slope(x2.y)", wrong: "gelu_slope(x2.x)" }],
  },
  {
    name: "residual",
    sizes: blocks,
    made: (draw, shape) => {
      const [m, inputs] = [draw.array(shape.slice(0, 1)), { x: draw.array(shape), branch: draw.array(shape) }];
      return trial(residual, { inputs, attrs: (k) => ({ multiplier: k.upload(m.shape, m.data) }), dOut: draw.array(shape) });
    },
    errors: [{ right: "load_m((2u * pair + 1u) / p.each)", wrong: "load_m(2u * pair / p.each)" }],
  },
  {
    name: "splitHeads",
    sizes: heads,
    made: (draw, [B = 0, h = 0, T = 0, d = 0]) => {
      const dOut: Host<QueriesKeysValues> = {
        q: draw.array([B, h, T, d]),
        keys: draw.array([B, h, T, d]),
        values: draw.array([B, h, T, d]),
      };
      return trial(splitHeads, { inputs: { qkv: draw.array([B, T, 3 * h * d]) }, attrs: () => ({ heads: h }), dOut });
    },
    errors: [{ right: "role == 2u", wrong: "role == 1u" }],
  },
  {
    name: "mergeHeads",
    sizes: heads,
    made: (draw, [B = 0, h = 0, T = 0, d = 0]) =>
      trial(mergeHeads, { inputs: { o: draw.array([B, h, T, d]) }, attrs: none, dOut: draw.array([B, T, h * d]) }),
    errors: [{ right: "* p.h + head) * p.d", wrong: "* p.h) * p.d" }],
  },
  {
    name: "keepMask",
    sizes: rowsAndColumns,
    made: (draw, shape) => {
      const attrs = { key: draw.key(), shape, rate: 0.3 };
      return (k) => keepMask.run(k, null, attrs);
    },
    errors: [
      { right: "u >= p.c", wrong: "u < p.c" },
      { right: "select(0.0, p.d,", wrong: "select(0.0, 1.0," },
    ],
  },
  {
    name: "normalisePixels",
    sizes: images,
    made: (draw, shape) => {
      const inputs = drawnPixels(draw, shape);
      return (k) => pixels(k, inputs);
    },
    errors: [
      { right: "(i / p.pixels) % p.channels", wrong: "i % p.channels" },
      { right: "normalised(x2.y, 2u * pair + 1u)", wrong: "normalised(x2.y, 2u * pair + p.pixels)" },
    ],
  },
  {
    name: "mixup",
    sizes: images,
    made: (draw, shape) => {
      const [inputs, targets] = [drawnPixels(draw, shape), draw.array(shape.slice(0, 1))];
      return (k) => [pixels(k, inputs), k.upload(targets.shape, targets.data)].map((x) => mixup.run(k, { x }, { lambda: 0.3 }));
    },
    errors: [
      { right: "p.taken * other", wrong: "p.kept * other" },
      { right: "(p.B - 1u - i / p.each)", wrong: "(i / p.each)" },
    ],
  },
  {
    name: "cutMix",
    sizes: images,
    made: (draw, shape) => {
      const [, , H = 0, W = 0] = shape;
      const inputs = drawnPixels(draw, shape);
      return (k) => cutMix.run(k, { x: pixels(k, inputs) }, { rows: [0, Math.ceil(H / 2)], columns: [1, W - 2] });
    },
    errors: [
      { right: "column < p.right", wrong: "column <= p.right" },
      { right: "in_box(i + 1u)", wrong: "in_box(i)" },
    ],
  },
  {
    name: "erase",
    sizes: images,
    made: (draw, shape) => {
      const [B = 0, C = 0, H = 0, W = 0] = shape;
      const inputs = drawnPixels(draw, shape);
      const rectangle = { image: B - 1, top: 0, left: 1, h: Math.ceil(H / 2), w: W - 2 };
      const erased = [{ ...rectangle, noise: Float32Array.from(draw.array([C * rectangle.h * rectangle.w]).data) }];
      return (k) => erase.run(k, { x: pixels(k, inputs) }, erased);
    },
    errors: [
      { right: "column >= left + w", wrong: "column > left + w" },
      { right: "channel * h", wrong: "h" },
      { right: "erased(2u * pair + 1u, own.y)", wrong: "erased(2u * pair, own.y)" },
    ],
  },
];

onGpu("fused ops of the webgpu engine", () => {
  describe.each(choices)("with $name", (choice) => {
    const { precision } = choice;
    const made = gpuDevice({ limits: "default" }).then((device) => webgpuWith(device, choice));
    const drawn = (): Draw => drawOf(keyOf(1), precision);
    const { bound } = tolerances.parity[precision];

    it.each(cases.flatMap(({ name, sizes, made: trialOf }) => sizes.map((shape) => [name, shape, trialOf] as const)))(
      "%s of %j agrees with the reference engine",
      async (_, shape, trialOf) => {
        const one = trialOf(drawn(), shape);
        expect(gapOfLeaves(await evaluate(await made, one), await evaluate(referenceEngine(), one))).toBeLessThanOrEqual(bound);
      },
    );

    it.skipIf(process.env["DEIT_LONG"] !== "1")(`softmax of ${manyRows[0]} rows agrees with the reference engine`, async () => {
      const one = trial(softmax, { inputs: { z: drawn().array(manyRows) }, attrs: none, dOut: drawn().array(manyRows) });
      expect(gapOfLeaves(await evaluate(await made, one), await evaluate(referenceEngine(), one))).toBeLessThanOrEqual(bound);
    });

    it("compiles on a device that validates WGSL", async () => {
      const engine = webgpuWith(await nullDevice(), choice);
      for (const { sizes, made: trialOf } of cases) for (const shape of sizes) compile(engine, trialOf(drawn(), shape));
      await engine.finish();
      expect(engine.sent().dispatches).toBeGreaterThan(0);
    });
  });

  it("draws, pixels, Mixup and CutMix are one dispatch each", async () => {
    const { kernels: k, finish, sent, close } = webgpuWith(await gpuDevice({ limits: "default" }), { software: false, precision: "f16" });
    const dispatchesOf = async (run: () => Tensor): Promise<number> => {
      const before = sent().dispatches;
      run();
      await finish();
      return sent().dispatches - before - 1; // one fills the memory of the result with NaN
    };
    const inputs = upload<PixelInputs>(k, drawnPixels(drawOf(keyOf(1)), [4, 3, 6, 8]));
    await finish();
    const counts = [
      await dispatchesOf(() => keepMask.run(k, null, { key: keyOf(1), shape: [9], rate: 0.5 })),
      await dispatchesOf(() => normalisePixels.run(k, inputs)),
      await dispatchesOf(() => mixup.run(k, inputs, { lambda: 0.3 })),
      await dispatchesOf(() => cutMix.run(k, inputs, { rows: [1, 3], columns: [0, 5] })),
      await dispatchesOf(() => erase.run(k, inputs, [])),
    ];
    close();
    expect(counts).toEqual([1, 1, 1, 1, 2]); // the table of the rectangles is uploaded by a dispatch
  });

  it.each(cases.flatMap((one) => one.errors.map((error) => [one.name, error, one] as const)))(
    "%s is found wrong with a planted error: %j",
    async (_, error, { sizes, made: trialOf }) => {
      const device = await gpuDevice({ limits: "default" });
      const wasPlanted = plantIn(device, error);
      const engine = webgpuWith(device, { software: false, precision: "f32" });
      const gaps: number[] = [];
      for (const shape of sizes.slice(1, 4)) {
        const one = trialOf(drawOf(keyOf(1), "f32"), shape);
        gaps.push(gapOfLeaves(await evaluate(engine, one), await evaluate(referenceEngine(), one)));
      }
      engine.close();
      expect(wasPlanted()).toBe(true);
      expect(Math.max(...gaps)).toBeGreaterThan(tolerances.parity.f32.bound);
    },
  );
});
