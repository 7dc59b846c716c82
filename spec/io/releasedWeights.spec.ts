/** One model in every form in which weights are released: bitwise identical weights, and PyTorch's logits (fixtures/names). */
import { describe, expect, it } from "vitest";
import { gap } from "../../src/check/close.ts";
import { evaluateOne, hostArray, type HostArray } from "../../src/check/host.ts";
import { referenceBounds, tolerances } from "../../src/check/tolerance.ts";
import { memoryBytes } from "../../src/io/disk/byteSource.ts";
import { huggingFaceNamed } from "../../src/io/weights/names.ts";
import { writeNpz } from "../../src/io/numpy/npz.ts";
import { parseSafetensors, writeSafetensors } from "../../src/io/safetensors/safetensors.ts";
import { formatRead, readTensorFile } from "../../src/io/weights/tensorFile.ts";
import { uploadWeights, weightsIn, writeWeights, type Weights } from "../../src/io/weights/weights.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { deitLogits } from "../../src/model/deit.ts";
import { meanOfLogits } from "../../src/model/fusion.ts";
import { inference } from "../../src/ops/observe.ts";
import { deitAttrs } from "../../src/train/step/deitTask.ts";
import { onEachEngine } from "../helpers/engines.ts";
import { bytesOf, tensorOf, tensorsOf } from "../helpers/fixtures.ts";

const HEADS = 3; // of the fixtures, whose files do not say it

const read = (path: string, bytes: Uint8Array): Weights =>
  weightsIn(readTensorFile(formatRead(path), memoryBytes(bytes)), { heads: HEADS });
const fixture = (name: string): Weights => read(name, bytesOf(`names/${name}`));

const timm = { distilled: fixture("tiny_distilled.timm.safetensors"), plain: fixture("tiny_plain.timm.safetensors") };
const numbers = tensorsOf("names/logits.safetensors");

/** The mean of both heads' logits, or the logits of one head. */
function logitsOf(engine: Engine, weights: Weights, head: "mean" | "head" | "head_dist"): Promise<HostArray> {
  const { shape, data } = tensorOf(numbers, "x");
  return evaluateOne(engine, (kernels) => {
    const k = inference(kernels);
    const inputs = { images: k.upload(shape, data), params: uploadWeights(k, weights) };
    const logits = deitLogits.forward(k, inputs, deitAttrs(k, weights.config)).out;
    return (head === "mean" ? null : logits[head]) ?? meanOfLogits.forward(k, logits).out;
  });
}

describe("bitwise identical weights come from", () => {
  it.each(["tiny_distilled.hf_deit.safetensors", "tiny_distilled.pth", "tiny_distilled.torch17_cuda.pth", "tiny_distilled.legacy.pth"])(
    "%s",
    (name) => {
      expect(fixture(name)).toEqual(timm.distilled);
    },
  );

  it.each(["tiny_plain.hf_vit.safetensors", "tiny_plain.pth"])("%s", (name) => {
    expect(fixture(name)).toEqual(timm.plain);
  });

  it.each(["distilled", "plain"] as const)("a %s npz file in either naming", (kind) => {
    const { tensors } = timm[kind];
    expect(read("a.npz", writeNpz(tensors))).toEqual(timm[kind]);
    expect(read("a.npz", writeNpz(huggingFaceNamed(tensors)))).toEqual(timm[kind]);
  });

  it("a file under Hugging Face's names with metadata", () => {
    const { metadata } = parseSafetensors(writeWeights(timm.plain));
    const file = parseSafetensors(writeSafetensors(huggingFaceNamed(timm.plain.tensors), metadata));
    expect(weightsIn(file)).toEqual(timm.plain);
  });
});

onEachEngine((suite) => {
  /** The error of the logits against PyTorch's in f64, as a share of this engine's bound. */
  const shareOfBound = async (weights: Weights, head: "mean" | "head" | "head_dist", name: string): Promise<number> => {
    const { engine } = await suite.made;
    const { bound } = engine.precision === "f64" ? referenceBounds.source : tolerances.recordedEndToEnd.f32;
    return gap(await logitsOf(engine, weights, head), tensorOf(numbers, `${name}.f64`)) / bound;
  };

  it.each([
    ["distilled", "mean", "distilled.eval"],
    ["distilled", "head", "distilled.cls"],
    ["distilled", "head_dist", "distilled.dist"],
    ["plain", "mean", "plain.eval"],
  ] as const)("the %s model has PyTorch's logits (%s)", async (kind, head, name) => {
    expect(await shareOfBound(timm[kind], head, name)).toBeLessThanOrEqual(1);
  });

  it("for Hugging Face's class with one head, the logits are those of the class head alone", async () => {
    const tensors = new Map([...timm.distilled.tensors].filter(([name]) => !name.startsWith("head_dist.")));
    const weights = weightsIn({ metadata: new Map(), tensors: huggingFaceNamed(tensors) }, { heads: HEADS });
    expect(await shareOfBound(weights, "mean", "distilled.cls")).toBeLessThanOrEqual(1);
  });
});

it("the logits of the fixtures are not all near zero", () => {
  expect(gap(hostArray([2, 7], new Float64Array(14)), tensorOf(numbers, "plain.eval.f64"))).toBeGreaterThan(0.5);
});
