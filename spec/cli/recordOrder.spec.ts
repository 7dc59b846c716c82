import { describe, expect, it } from "vitest";
import { orderOf, type OrderOptions } from "../../src/cli/recordOrder.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";

const orderFrom = (model: string, options: Partial<OrderOptions>): ReturnType<typeof orderOf> =>
  orderOf(referenceEngine(), model, { seed: 0, ...options });

describe("an order that cannot be met is refused", () => {
  it.each<readonly [model: string, options: Partial<OrderOptions>, message: string]>([
    ["deit-tin", {}, "unknown model deit-tin; did you mean deit-tiny?"],
    ["regnety-4gf", {}, "a recording is of a DeiT, not of regnety-4gf; deit-tiny-distilled would do"],
    ["no.json", {}, "no.json: ENOENT"],
    ["deit-tiny", { weights: "none.safetensors" }, "no weights none.safetensors"],
    ["deit-tiny", { weights: "hash:4294967296" }, "recording: weights.hash must be an integer of 0 … 2^32 - 1, got 4294967296"],
    ["deit-tiny", { images: "none.npz" }, "none.npz: ENOENT"],
    ["deit-tiny", { imageSize: 100 }, "recording: model.imageSize must be a multiple of patchSize 16, got 100"],
    ["deit-tiny", { set: ["model.heads=5"] }, "recording: model.heads must divide width 192, got 5"],
    ["deit-tiny", { set: ["loss.alpha=1"] }, 'recording: loss.target must be "labels" or "distribution", got nothing'],
    ["deit-tiny", { set: ["heads"] }, "--set heads: must be key=value"],
    ["deit-tiny", { optimizer: "adamw", loss: "none" }, "recording: optimizer must be null where loss is null"],
    ["deit-tiny", { labels: [1, 2] }, "--labels goes with --loss labels"],
    ["deit-tiny", { loss: "labels", labels: [1] }, "--labels must be 2, one an image, got 1"],
    ["deit-tiny", { loss: "labels", labels: [1, 1000] }, "--labels must be classes of 0 … 999, got 1000"],
    ["deit-tiny", { grads: ["head.bias"] }, 'grads: nothing is called "head.bias" here, as this recording has none'],
  ])("%s, %j", async (model, options, message) => {
    await expect(orderFrom(model, options)).rejects.toThrow(message);
  });
});
