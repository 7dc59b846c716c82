/**
 * f16 on the WebGPU engine: activations stored as f16, factors of matrix multiplications rounded to f16, sums in f32. SwiftShader has no f16, and needs
 * none: numbers are stored through pack2x16float, and a product of two f16 is exact in f32. So results are rounded as on matrix units, except for
 * the order of their sums.
 */
import { describe, expect, it } from "vitest";
import { evaluate, type HostArray, type Leaves } from "../../src/check/host.ts";
import { runRow } from "../../src/check/laws/row.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { allRows } from "../../src/laws/rows.ts";
import { deitConfig, type DeitConfig } from "../../src/model/config.ts";
import { deitPredict } from "../../src/model/deit.ts";
import { buildParams } from "../../src/model/params.ts";
import { hashed } from "../../src/recording/format/hash.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { deitAttrs, deitTaskWithin } from "../../src/train/step/deitTask.ts";
import { publishedSmoothing } from "../../src/train/step/publishedTask.ts";
import { undivided } from "../../src/train/step/gradients.ts";
import { mixedBatch } from "../../src/train/step/mixedBatch.ts";
import { wasmEngine } from "../../src/wasm.ts";
import { webgpuEngine } from "../../src/webgpu.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";
import { tiny } from "../train/tiny.ts";

const LONG = process.env["DEIT_LONG"] === "1";
/** Random cases of each row. */
const CASES = LONG ? 50 : 1;
/** Timeout in ms. */
const UNHURRIED = 3_000_000;

const SEED = 4;
const paramsOf = (engine: Engine, config: DeitConfig): ReturnType<typeof buildParams> =>
  buildParams(config, (name, shape) => engine.kernels.upload(shape, hashed(name, shape, SEED).data));

const imagesOf = ({ channels, imageSize: S }: DeitConfig, B: number, seed: number): HostArray =>
  hashed("images", [B, channels, S, S], seed);

/** Mean logits of both heads, [B, K]. */
const logits = (engine: Engine, config: DeitConfig, params: ReturnType<typeof paramsOf>, images: HostArray): Promise<Leaves> =>
  evaluate(engine, (k) => ({
    logits: deitPredict(k, { images: k.upload(images.shape, images.data), params }, deitAttrs(k, config)),
  }));

/** All gradients of a training step without random draws; the cotangent of the loss is 1. */
function gradients(engine: Engine, config: DeitConfig, B: number): Promise<Leaves> {
  const params = paramsOf(engine, config);
  const images = imagesOf(config, B, 1);
  const task = deitTaskWithin("normal", {
    config,
    dropPath: 0,
    dropout: 0,
    distillation: { kind: "none" },
  });
  return evaluate(engine, (k) => {
    const labels = Float64Array.from({ length: B }, (_, i) => i % config.classes);
    const given = { images: k.upload(images.shape, images.data), labels: k.upload([B], labels) };
    const target = { classes: config.classes, smoothing: publishedSmoothing };
    const batch = { ...mixedBatch(k, given, [], target), teacher: null };
    return task.lossAndGrads(k, { params, buffers: null }, batch, undivided(keyOf(0), batch), k.upload([], [1])).grads;
  });
}

const norm = (data: Float64Array): number => Math.sqrt(data.reduce((sum, x) => sum + x * x, 0));

/** ‖ḡ₁₆ − ḡ₃₂‖/‖ḡ₃₂‖ for each tensor. */
const relativeErrors = (half: Leaves, full: Leaves): ReadonlyMap<string, number> =>
  new Map(
    [...full].map(([name, { data }]) => {
      const actual = half.get(name)?.data ?? new Float64Array();
      return [name, norm(data.map((x, i) => x - (actual[i] ?? NaN))) / norm(data)];
    }),
  );

const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((best, x, i) => (x > (values[best] ?? NaN) ? i : best), 0);

/** The predicted class of each row. */
const classesOf = ({ shape: [B = 0, K = 0], data }: HostArray): readonly number[] =>
  Array.from({ length: B }, (_, b) => largest(data.subarray(b * K, (b + 1) * K)));

const half = async (): Promise<Engine> => webgpuEngine({ device: await gpuDevice({ limits: "default" }), precision: "f16" });
const full = async (): Promise<Engine> => webgpuEngine({ device: await gpuDevice({ limits: "default" }) });

/** The gradient of a key's bias is zero: what is computed is rounding error. */
const HAS_NONE = /attn\.qkv\.bias$/;

onGpu("f16", () => {
  it(`obeys every law, in ${CASES === 1 ? "one case" : `${CASES} cases`} each`, { timeout: UNHURRIED }, async () => {
    const engines = { engine: await half(), reference: referenceEngine() };
    const broken: unknown[] = [];
    for (const row of allRows) {
      const { status, id, worst, failure } = await runRow(row, engines, { cases: CASES, seed: 15 });
      if (status !== "ok") broken.push({ id, worst, failure });
    }
    engines.engine.close();
    expect(broken).toEqual([]);
  });

  it.each([["a tiny model", tiny.model, 3] as const, ...(LONG ? [["DeiT-Ti⚗", deitConfig("deit-tiny-distilled"), 2] as const] : [])])(
    "gives the gradients of %s within the bound of f16, for each tensor",
    { timeout: UNHURRIED },
    async (_, config, B) => {
      const [onHalf, onWasm] = [await half(), await wasmEngine()];
      const errors = relativeErrors(await gradients(onHalf, config, B), await gradients(onWasm, config, B));
      onHalf.close();
      const named = [...errors].filter(([name]) => !HAS_NONE.test(name)).toSorted(([, a], [, b]) => b - a);
      if (LONG) console.log(named.map(([name, error]) => `${name} ${error.toExponential(1)}`).join("\n"));
      expect(named[0]?.[1]).toBeLessThan(tolerances.gradients.f16.bound);
      expect(named[0]?.[1]).toBeGreaterThan(2 ** -12); // something was rounded to f16
    },
  );

  describe.runIf(LONG)("on 200 images of DeiT-Ti⚗", () => {
    const config = deitConfig("deit-tiny-distilled");
    const [BATCH, BATCHES] = [8, 25];

    /** Predictions for all images. */
    async function decisions(engine: Engine): Promise<{ readonly classes: readonly number[]; readonly logits: readonly number[] }> {
      const params = paramsOf(engine, config);
      const found: { classes: number[]; logits: number[] } = { classes: [], logits: [] };
      for (let i = 0; i < BATCHES; i++) {
        const got = (await logits(engine, config, params, imagesOf(config, BATCH, 100 + i))).get("logits");
        if (got === undefined) throw new Error("no logits");
        found.classes.push(...classesOf(got));
        found.logits.push(...got.data);
      }
      engine.close();
      return found;
    }

    it(
      "predicts the classes that WASM predicts for 99 % of them, and f32 for all; logits are within their bounds",
      { timeout: UNHURRIED },
      async () => {
        const [onWasm, onFull, onHalf] = [
          await decisions(await wasmEngine()),
          await decisions(await full()),
          await decisions(await half()),
        ];
        const equal = (a: readonly number[], b: readonly number[]): number => a.filter((x, i) => x === b[i]).length / a.length;
        const scale = onWasm.logits.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        const gap = (a: readonly number[]): number =>
          a.reduce((most, x, i) => Math.max(most, Math.abs(x - (onWasm.logits[i] ?? NaN))), 0) / scale;
        const [fullGap, halfGap] = [gap(onFull.logits), gap(onHalf.logits)];
        console.log(
          `f32: error ${fullGap.toExponential(1)}, f16: error ${halfGap.toExponential(1)}, top-1 equal ${equal(onHalf.classes, onWasm.classes)}`,
        );
        expect(onWasm.classes).toHaveLength(BATCH * BATCHES);
        expect(new Set(onWasm.classes).size).toBeGreaterThan(1);
        expect(equal(onFull.classes, onWasm.classes)).toBe(1);
        expect(equal(onHalf.classes, onWasm.classes)).toBeGreaterThanOrEqual(0.99);
        expect(fullGap).toBeLessThan(tolerances.recordedEndToEnd.f32.bound);
        expect(halfGap).toBeLessThan(tolerances.recordedEndToEnd.f16.bound);
      },
    );
  });
});
