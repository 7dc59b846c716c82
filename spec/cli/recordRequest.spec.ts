import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { requestOf, type RequestOptions } from "../../src/cli/inputs/recordRequest.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { writeNpz } from "../../src/io/numpy/npz.ts";
import type { Stored } from "../../src/io/safetensors/safetensors.ts";
import { writeWeights } from "../../src/io/weights/weights.ts";
import { deitConfig } from "../../src/model/config.ts";
import { parameterShapes } from "../../src/model/params.ts";
import { size, type Shape } from "../../src/tensor/tensor.ts";
import { tensorOf } from "../helpers/fixtures.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const orderFrom = (model: string, options: Partial<RequestOptions>): ReturnType<typeof requestOf> =>
  requestOf(referenceEngine(), model, { seed: 0, ...options });

/** A small model without a name. */
const config = deitConfig("deit-tiny-distilled", {
  imageSize: 8,
  patchSize: 4,
  width: 6,
  heads: 2,
  depth: 1,
  classes: 3,
  layerNormEps: 1e-5,
});

/** Writes a file of its weights, in which the first number of each tensor is the length of its name. */
function weightsFile(): string {
  const path = join(temporaryFolder(), "weights.safetensors");
  const stored = (name: string, shape: Shape): Stored => ({ dtype: "F32", shape, data: Float32Array.from({ length: size(shape) }, (_, i) => (i === 0 ? name.length : 0)) }); // prettier-ignore
  const tensors = new Map([...parameterShapes(config)].map(([name, shape]) => [name, stored(name, shape)]));
  writeFileSync(path, writeWeights({ config, classes: null, preprocessing: null, tensors }));
  return path;
}

function imagesFile(...shape: readonly number[]): string {
  const path = join(temporaryFolder(), "images.npz");
  writeFileSync(path, writeNpz(new Map([["tensor", { dtype: "F32", shape, data: new Float32Array(size(shape)).fill(2) }]])));
  return path;
}

describe("a file", () => {
  it("of weights gives the model and its weights", async () => {
    const { configuration, given } = await orderFrom(weightsFile(), {});
    expect(configuration).toMatchObject({ model: config, weights: "stored", images: { hash: 0, batch: 2 } });
    expect(tensorOf(given, "weights/blocks.0.attn.qkv.weight").data[0]).toBe("blocks.0.attn.qkv.weight".length);
  });

  it("of weights may belong to a model given by name", async () => {
    const changes = ["model.patchSize=4", "model.width=6", "model.heads=2", "model.depth=1", "model.classes=3"];
    const options = { weights: weightsFile(), imageSize: 8, set: changes };
    expect([...(await orderFrom("deit-tiny-distilled", options)).given.keys()].length).toBe(parameterShapes(config).size);
    const others = { ...options, set: [...changes, "model.heads=3"] };
    await expect(orderFrom("deit-tiny-distilled", others)).rejects.toThrow("its model has 2 heads, not 3");
    await expect(orderFrom("deit-tiny-distilled", { ...options, imageSize: 12 })).rejects.toThrow(
      "pos_embed must be [1, 11, 6], got [1, 6, 6]",
    );
  });

  it("of images gives the batch; a single image is a batch of one", async () => {
    const { batch, given } = await orderFrom(weightsFile(), { images: imagesFile(3, 8, 8) });
    expect([batch, tensorOf(given, "images").shape, tensorOf(given, "images").data[0]]).toEqual([1, [1, 3, 8, 8], 2]);
    expect((await orderFrom(weightsFile(), { images: imagesFile(4, 3, 8, 8) })).batch).toBe(4);
  });

  it("of images must fit the model", async () => {
    const images = imagesFile(1, 3, 9, 9);
    await expect(orderFrom(weightsFile(), { images })).rejects.toThrow("images must be [1, 3, 8, 8] for this model, got [1, 3, 9, 9]");
    await expect(orderFrom(weightsFile(), { images: imagesFile(2, 3, 8, 8), batch: 3 })).rejects.toThrow("--batch 3: ");
  });
});

describe("options that do not fit are refused", () => {
  it.each<readonly [model: string, options: Partial<RequestOptions>, message: string]>([
    ["deit-tin", {}, "unknown model deit-tin; did you mean deit-tiny?"],
    ["regnety-4gf", {}, "a recording is made of a DeiT, not of regnety-4gf; deit-tiny-distilled would be right"],
    ["no.json", {}, "no such file: no.json"],
    ["deit-tiny", { weights: "none.safetensors" }, "no weights none.safetensors"],
    ["deit-tiny", { weights: "hash:4294967296" }, "recording: weights.hash must be an integer of 0 … 2^32 - 1, got 4294967296"],
    ["deit-tiny", { images: "none.npz" }, "no such file: none.npz"],
    ["deit-tiny", { imageSize: 100 }, "recording: model.imageSize must be a multiple of patchSize 16, got 100"],
    ["deit-tiny", { set: ["model.heads=5"] }, "recording: model.heads must divide width 192, got 5"],
    ["deit-tiny", { set: ["loss.alpha=1"] }, 'recording: loss.target must be "labels" or "distribution", got nothing'],
    ["deit-tiny", { set: ["heads"] }, "--set heads: must be key=value"],
    ["deit-tiny", { optimizer: "adamw", loss: "none" }, "recording: optimizer must be null where loss is null"],
    ["deit-tiny", { labels: [1, 2] }, "--labels needs --loss labels"],
    ["deit-tiny", { loss: "labels", labels: [1] }, "--labels must have 2 classes, one for each image, got 1"],
    ["deit-tiny", { loss: "labels", labels: [1, 1000] }, "--labels must be classes in 0 … 999, got 1000"],
    ["deit-tiny", { grads: ["head.bias"] }, 'grads: no tensor matches "head.bias", as this recording has none'],
  ])("%s, %j", async (model, options, message) => {
    await expect(orderFrom(model, options)).rejects.toThrow(message);
  });
});
