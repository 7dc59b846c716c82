/** Computations of the chapter on initial weights and regularisers. */
import {
  abstractEngine,
  buildParams,
  crossEntropy,
  deitAttrs,
  deitConfig,
  deitLogits,
  dropPathMultipliers,
  dropPathRates,
  inference,
} from "deit";
import { initialParams, initialValues, keyOf, parameterCount, size, type DeitConfig } from "deit";
import { hostArray, type Leaves } from "deit/check";
import { numberOf, onEngine, onHost, one, type Computation } from "../computation.ts";

/** Mean, standard deviation, least and largest. */
function statistics(values: Float64Array): readonly number[] {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return [mean, Math.sqrt(variance), Math.min(...values), Math.max(...values)];
}

const small = (width: number): DeitConfig =>
  deitConfig("deit-tiny", { imageSize: 16, patchSize: 4, width, heads: width / 16, depth: 2, classes: 10 });

const SHAPES = { "patch_embed.proj.weight": [64, 3, 16, 16], "blocks.0.attn.qkv.weight": [192, 64], "norm.weight": [64] } as const;

const values = onHost("initialValues", { seed: one(1) }, (inputs) => {
  const config = deitConfig("deit-tiny", { width: 64, heads: 1 });
  const key = keyOf(numberOf(inputs, "seed"));
  return Object.fromEntries(
    Object.entries(SHAPES).map(([name, shape]) => [name, hostArray([4], statistics(initialValues(config, key, name, shape)))]),
  );
});

const BATCH = 4;

const logits = onEngine("deitLogits", { seed: one(1), width: one(64) }, (k, inputs) => {
  const config = small(numberOf(inputs, "width"));
  const key = keyOf(numberOf(inputs, "seed"));
  const images = k.uniform(keyOf(2), [BATCH, 3, 16, 16]);
  const { head } = deitLogits.forward(k, { images, params: initialParams(k, config, key) }, deitAttrs(k, config)).out;
  const target = k.oneHot(k.upload([BATCH], [0, 1, 2, 3]), config.classes);
  const number = (x: number) => k.upload([], [x]);
  return {
    deviation: k.reshape(k.sqrt(k.meanLast(k.square(k.reshape(head, [1, BATCH * config.classes])))), []),
    "0.02 √D": number(0.02 * Math.sqrt(config.width)),
    loss: crossEntropy.forward(k, { logits: head }, { target }).out,
    "ln K": number(Math.log(config.classes)),
  };
});

/** Multiply–adds of one image, counted by the engine that computes shapes only. */
function countedMacs(config: DeitConfig): number {
  const { kernels, counters } = abstractEngine();
  kernels.region("count", () => {
    const k = inference(kernels);
    const images = k.zeros([1, config.channels, config.imageSize, config.imageSize]);
    deitLogits.forward(k, { images, params: buildParams(config, (_, shape) => k.zeros(shape)) }, deitAttrs(k, config));
    return null;
  });
  return counters().macs;
}

const configOf = (inputs: Leaves): DeitConfig => {
  const width = numberOf(inputs, "D");
  const sizes = { width, heads: 1, depth: numberOf(inputs, "L"), imageSize: numberOf(inputs, "S"), classes: numberOf(inputs, "K") };
  return deitConfig(numberOf(inputs, "P") === 2 ? "deit-tiny-distilled" : "deit-tiny", sizes);
};

const count = onHost("parameterCount", { D: one(192), L: one(12), S: one(224), K: one(1000), P: one(1) }, (inputs) => ({
  parameters: one(parameterCount(configOf(inputs))),
  MACs: one(countedMacs(configOf(inputs))),
}));

const rates = onHost("dropPathRates", { rMax: one(0.1), L: one(12) }, (inputs) => {
  const r = dropPathRates(numberOf(inputs, "rMax"), numberOf(inputs, "L"));
  return { rates: hostArray([r.length], r) };
});

const multipliers = onEngine("dropPathMultipliers", { seed: one(8), rate: one(0.2), B: one(10) }, (k, inputs) => {
  const B = numberOf(inputs, "B");
  const [drawn] = dropPathMultipliers(k, keyOf(numberOf(inputs, "seed")), [numberOf(inputs, "rate")], B) ?? [];
  if (drawn === undefined) return {};
  const mean = (t: typeof drawn.attn) => k.scale(k.sumLeading(t, 1), 1 / size([B]));
  return { attn: drawn.attn, mlp: drawn.mlp, "mean of attn": mean(drawn.attn), "mean of mlp": mean(drawn.mlp) };
});

export const initialisation: Readonly<Record<string, Computation>> = {
  "initialisation/values": values,
  "initialisation/logits": logits,
  "initialisation/count": count,
  "initialisation/rates": rates,
  "initialisation/multipliers": multipliers,
};
