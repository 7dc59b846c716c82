/** Dispatches over many tensors of any length, in any slabs, whose number does not grow with that of the tensors. */
import { describe, expect, it } from "vitest";
import { gapOfLeaves } from "../../src/check/close.ts";
import { drawOf } from "../../src/check/draw.ts";
import { evaluate, hostArray, upload, type Host, type HostArray } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { linear } from "../../src/ops/linear.ts";
import { keyOf } from "../../src/tensor/key.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { adamwLeaves, type AdamWLeafAndGrad, type AdamWShared } from "../../src/train/optimizer/adamw.ts";
import { averagedLeaves, type AveragedLeafAndGrad } from "../../src/train/optimizer/averaged.ts";
import type { FiniteCheck } from "../../src/train/optimizer/skippedSteps.ts";
import type { ByName, Leaves } from "../../src/train/optimizer/eachLeaf.ts";
import { clippedLeaves, normOfLeaves, type Clippable } from "../../src/train/optimizer/clip.ts";
import { emaLeaves, type EmaPair } from "../../src/train/optimizer/ema.ts";
import { unscaledLeaves, type Gradients } from "../../src/train/optimizer/lossScale.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";
import { plantIn, webgpuWith, type WgslError } from "../helpers/webgpu.ts";

/** Around 4, around a workgroup's chunk of 4096, and around 64 numbers, the alignment of tensors. */
const LENGTHS = [1, 3, 4, 5, 63, 65, 4095, 4096, 4097, 9001, 2, 130];

const choice = { software: true, precision: "f32" } as const;
const draw = drawOf(keyOf(5), "f32");

const ofLengths = <T>(lengths: readonly number[], leaf: (array: () => HostArray) => T): ByName<T> =>
  Object.fromEntries(lengths.map((n, i) => [`p${i}`, leaf(() => draw.array([n]))]));

const positive = (a: HostArray): HostArray => hostArray(a.shape, a.data.map(Math.abs));
const flag = (value: number): HostArray => hostArray([], [value]);

type Program = (k: Kernels) => unknown;

const attrs = { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 0.03 };
const corrections = { rate: flag(0.37), unbias: flag(5.8) };

const adamw = (lengths: readonly number[], finite: HostArray | null): Program => {
  const leaves = ofLengths(lengths, (own) => ({ theta: own(), m: own(), v: positive(own()), grad: own() }));
  const inputs: Host<Leaves<AdamWLeafAndGrad, AdamWShared>> = { leaves, shared: { finite, ...corrections } };
  const of = (name: string): typeof attrs & { weightDecay: number } => ({ ...attrs, weightDecay: Number(name.slice(1)) / 10 });
  return (k) => adamwLeaves.run(k, upload<Leaves<AdamWLeafAndGrad, AdamWShared>>(k, inputs), { of });
};

const averaged = (lengths: readonly number[], finite: HostArray | null): Program => {
  const leaves = ofLengths(lengths, (own) => ({ theta: own(), m: own(), v: positive(own()), grad: own(), average: own() }));
  const inputs: Host<Leaves<AveragedLeafAndGrad, AdamWShared>> = { leaves, shared: { finite, ...corrections } };
  const each = { ...attrs, weightDecay: 0.2, decay: 0.7 };
  return (k) => averagedLeaves.run(k, upload<Leaves<AveragedLeafAndGrad, AdamWShared>>(k, inputs), { of: () => each });
};

const ema = (lengths: readonly number[], finite: HostArray | null): Program => {
  const inputs: Host<Leaves<EmaPair, FiniteCheck>> = {
    leaves: ofLengths(lengths, (own) => ({ average: own(), theta: own() })),
    shared: { finite },
  };
  return (k) =>
    emaLeaves.run(k, upload<Leaves<EmaPair, FiniteCheck>>(k, inputs), { of: (name) => ({ decay: 1 / (2 + Number(name.slice(1))) }) });
};

/** @param infinite the gradient whose last number is infinite; null: none */
const unscale = (lengths: readonly number[], infinite: string | null): Program => {
  const grads = Object.fromEntries(
    Object.entries(ofLengths(lengths, (own) => own())).map(([name, { shape, data }]) => [
      name,
      hostArray(shape, name === infinite ? data.with(data.length - 1, Infinity) : data),
    ]),
  );
  const inputs: Host<Gradients> = { grads, inverse: flag(1 / 8) };
  return (k) => unscaledLeaves.run(k, upload<Gradients>(k, inputs), { withNorm: infinite === null });
};

const gradients = (lengths: readonly number[]): Host<ByName<Tensor>> => ofLengths(lengths, (own) => own());

const norm = (lengths: readonly number[]): Program => {
  const inputs = gradients(lengths);
  return (k) => normOfLeaves.run(k, upload<ByName<Tensor>>(k, inputs));
};

const clip = (lengths: readonly number[]): Program => {
  const inputs: Host<Clippable> = { grads: gradients(lengths), factor: flag(0.3) };
  return (k) => clippedLeaves.run(k, upload<Clippable>(k, inputs));
};

const programs: readonly (readonly [name: string, program: Program])[] = [
  ["AdamW", adamw(LENGTHS, null)],
  ["AdamW with finite gradients", adamw(LENGTHS, flag(1))],
  ["AdamW of a skipped step", adamw(LENGTHS, flag(0))],
  ["AdamW with a moving average", averaged(LENGTHS, flag(1))],
  ["AdamW with a moving average of a skipped step", averaged(LENGTHS, flag(0))],
  ["the moving average", ema(LENGTHS, null)],
  ["the moving average of a skipped step", ema(LENGTHS, flag(0))],
  ["the norm", norm(LENGTHS)],
  ["clipping", clip(LENGTHS)],
  ["unscaling with the norm", unscale(LENGTHS, null)],
  ...["p0", "p3", "p8", "p11"].map((name) => [`unscaling with an infinity in ${name}`, unscale(LENGTHS, name)] as const),
];

const bound = tolerances.equation.f32.bound;

const errors: readonly (readonly [WgslError, Program])[] = [
  [{ right: "<= chunk", wrong: "< chunk" }, adamw(LENGTHS, null)],
  [{ right: "(n + 3u) / 4u", wrong: "n / 4u" }, ema(LENGTHS, null)],
  [{ right: "decay * bitcast<vec4f>(words_at(at_theta", wrong: "bitcast<vec4f>(words_at(at_theta" }, adamw(LENGTHS, null)],
  [{ right: "if (number_at(finite_at) == 0.0) { return; }", wrong: "" }, adamw(LENGTHS, flag(0))],
  [{ right: "any(beyond & own)", wrong: "any(beyond)" }, unscale(LENGTHS, null)],
  [{ right: "dot(counted, counted)", wrong: "dot(g, g)" }, norm(LENGTHS)],
  [{ right: "half > 0u", wrong: "half > 1u" }, norm(LENGTHS)],
  [{ right: "load_sums(p.start + ", wrong: "load_sums(p.start + 1u + " }, unscale(LENGTHS, null)],
  [{ right: "chunk - load_table(entry)", wrong: "chunk" }, ema(LENGTHS, null)],
];

onGpu("many tensors on the webgpu engine", () => {
  describe.each([2 ** 16, 2 ** 17, 2 ** 20])("in slabs of %i bytes", (slab) => {
    const made = gpuDevice({ limits: "default" }).then((device) => webgpuWith(device, choice, slab));

    it.each(programs)("%s agrees with the reference engine", async (_, program) => {
      const engine = await made;
      expect(gapOfLeaves(await evaluate(engine, program), await evaluate(referenceEngine(), program))).toBeLessThanOrEqual(bound);
    });
  });

  it.each(errors)("are found wrong with a planted error: %j", async (error, program) => {
    const device = await gpuDevice({ limits: "default" });
    const wasPlanted = plantIn(device, error);
    const gap = gapOfLeaves(await evaluate(webgpuWith(device, choice), program), await evaluate(referenceEngine(), program));
    expect(wasPlanted()).toBe(true);
    expect(gap).toBeGreaterThan(bound);
  });

  /** The output of a linear layer in f16 after a step of AdamW, by the copy of its weight that AdamW has written, and by one made anew. */
  async function afterStep(
    device: GPUDevice,
    finite: HostArray | null,
    inputs = 10,
    slab = 2 ** 24,
  ): Promise<readonly (readonly number[])[]> {
    const { kernels: k, read } = webgpuWith(device, { software: true, precision: "f16" }, slab);
    const drawn = (rows: number): Tensor => k.upload([rows, inputs], draw.array([rows, inputs]).data);
    const [x, theta, m, v, grad] = [drawn(3), drawn(6), drawn(6), drawn(6), drawn(6)];
    const output = (weight: Tensor): Tensor => linear.forward(k, { x, params: { weight, bias: k.zeros([6]) } }).out;
    output(theta); // makes the copy
    const flags = upload<AdamWShared>(k, { finite, ...corrections });
    const leaves = { weight: { theta, m, v: k.square(v), grad } };
    const { weight } = adamwLeaves.run(k, { leaves, shared: flags }, { of: () => ({ ...attrs, weightDecay: 0.1 }) });
    if (weight === undefined) throw new Error("no weight");
    return Promise.all([output(weight.theta), output(k.scale(weight.theta, 1))].map(async (y) => [...(await read(y))]));
  }

  it.each([null, flag(1), flag(0)])("write the f16 copy of a weight as rounding the weight anew would, %#", async (finite) => {
    const [byCopy, anew] = await afterStep(await gpuDevice({ limits: "default" }), finite);
    expect(byCopy).toEqual(anew);
    expect(byCopy?.every(Number.isFinite)).toBe(true);
  });

  it("write f16 copies where each tensor of a weight lies in another slab, by a program that SwiftShader compiles in a moment", async () => {
    const [byCopy, anew] = await afterStep(await gpuDevice({ limits: "default" }), flag(1), 2000, 2 ** 16);
    expect(byCopy).toEqual(anew);
  });

  it.each([
    { right: `if (at_half != ${2 ** 32 - 1}u)`, wrong: "if (false)" },
    { right: "at_half + i / 2u", wrong: "at_half + i" },
    { right: "packed(next)", wrong: "packed(next.yxzw)" },
  ])("are found wrong with a planted error in the f16 copy: %j", async (error) => {
    const device = await gpuDevice({ limits: "default" });
    const wasPlanted = plantIn(device, error);
    const [byCopy, anew] = await afterStep(device, null);
    expect(wasPlanted()).toBe(true);
    expect(byCopy).not.toEqual(anew);
  });

  it("take as many dispatches for 300 tensors as for 3", async () => {
    const engine = webgpuWith(await gpuDevice({ limits: "default" }), { ...choice }, 2 ** 24);
    const dispatches = async (count: number): Promise<number> => {
      const inputs: Host<Leaves<AdamWLeafAndGrad, AdamWShared>> = {
        leaves: ofLengths(
          Array.from({ length: count }, () => 7),
          (own) => ({ theta: own(), m: own(), v: positive(own()), grad: own() }),
        ),
        shared: { finite: null, ...corrections },
      };
      const uploaded = upload<Leaves<AdamWLeafAndGrad, AdamWShared>>(engine.kernels, inputs);
      await engine.finish();
      const before = engine.sent().dispatches;
      adamwLeaves.run(engine.kernels, uploaded, { of: () => ({ ...attrs, weightDecay: 0 }) });
      await engine.finish();
      return engine.sent().dispatches - before;
    };
    expect([await dispatches(3), await dispatches(300)]).toEqual([3, 3]);
  });
});
