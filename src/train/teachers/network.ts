/** A trained network as a teacher: a DeiT or a RegNetY, and how its tensors are put on an engine. */
import type { Normalisation } from "../../data/normalise.ts";
import { numbersOf, type Stored } from "../../io/weights/stored.ts";
import { headsOf } from "../../io/weights/weights.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { meanOfTeachers } from "../../losses/meanOfTeachers.ts";
import type { DeitConfig } from "../../model/config.ts";
import { deitLogits, type DeitParams } from "../../model/deit.ts";
import { meanOfLogits } from "../../model/fusion.ts";
import { buildParams, type HeadOptions } from "../../model/params.ts";
import { inference } from "../../ops/observe.ts";
import type { BatchNormBuffers } from "../../teacher/batchNorm.ts";
import type { RegnetConfig } from "../../teacher/config.ts";
import type { RegnetNorms } from "../../teacher/norms.ts";
import { buildRegnet } from "../../teacher/params.ts";
import { regnetPredict, type RegnetAttrs, type RegnetParams } from "../../teacher/regnet.ts";
import type { Shape, Tensor } from "../../tensor/tensor.ts";
import type { HeadName } from "../evaluation/evaluate.ts";
import type { Model } from "../run/state.ts";
import { deitAttrs } from "../step/deitTask.ts";
import type { Predict } from "./teacher.ts";

/** The running statistics of a RegNetY. */
export type RegnetBuffers = RegnetNorms<BatchNormBuffers>;
/** The tensors of a RegNetY. */
export type RegnetModel = Model<RegnetParams, RegnetBuffers>;

/** The attributes of a RegNetY with these running statistics. */
export const regnetAttrs = ({ groupWidth, batchNormEps: eps }: RegnetConfig, running: RegnetBuffers): RegnetAttrs => ({
  eps,
  groupWidth,
  running,
});

/** The logits of a RegNetY. */
export const regnetPredictBy =
  (config: RegnetConfig, { params, buffers }: RegnetModel): Predict =>
  (k, images) =>
    regnetPredict(k.at("teacher"), { images, params }, regnetAttrs(config, buffers));

/**
 * The logits of a DeiT by one of its heads, or by both: of `softmax-sum` the logarithm of the mean of the two distributions. A plain DeiT has one.
 *
 * @throws RangeError for the distillation head of a model without one
 */
export const deitPredictBy =
  (config: DeitConfig, params: DeitParams, head: HeadName): Predict =>
  (k, images) => {
    const logits = deitLogits.forward(inference(k).at("teacher"), { images, params }, deitAttrs(k, config)).out;
    const { head: own, head_dist: distillation } = logits;
    if (head === "mean") return meanOfLogits.forward(inference(k), logits).out;
    if (head === "class" || (head === "softmax-sum" && distillation === null)) return own;
    if (distillation === null) throw new RangeError("teacher: a DeiT with one head has no distillation head");
    return head === "distillation" ? distillation : meanOfTeachers(inference(k), [own, distillation]);
  };

/** The tensors of a network on an engine, and its logits. */
export interface Built {
  readonly tensors: unknown;
  readonly predict: Predict;
}

/** A trained network on the host. */
export interface Network {
  /** `DeiT`, `RegNetY`. */
  readonly what: string;
  /** C */
  readonly channels: number;
  /** K */
  readonly classes: number;
  /** The side of its images in pixels; null: its file does not say. */
  readonly side: number | null;
  /** null: its file does not say. */
  readonly normalisation: Normalisation | null;
  /** Puts its tensors on an engine, where they belong to the caller. `leaf` gives each of them by name. */
  readonly build: (leaf: (name: string, shape: Shape) => Tensor) => Built;
  /** Its values. */
  readonly stored: ReadonlyMap<string, Stored>;
}

/** What a file says about the images of its network. */
export type About = Pick<Network, "side" | "normalisation">;

/** A DeiT. `heads`: which of them there are; a distilled one may come without its distillation head. */
export const deitNetwork = (
  config: DeitConfig,
  head: HeadName,
  stored: Network["stored"],
  about: Omit<About, "side">,
  heads: HeadOptions = headsOf(stored),
): Network => ({
  what: "DeiT",
  channels: config.channels,
  classes: config.classes,
  side: config.imageSize,
  ...about,
  stored,
  build: (leaf) => {
    const params = buildParams(config, leaf, heads);
    return { tensors: params, predict: deitPredictBy(config, params, head) };
  },
});

/** A RegNetY. */
export const regnetNetwork = (config: RegnetConfig, stored: Network["stored"], about: About): Network => ({
  what: "RegNetY",
  channels: config.channels,
  classes: config.classes,
  ...about,
  stored,
  build: (leaf) => {
    const { params, running: buffers } = buildRegnet(config, leaf);
    return { tensors: { params, buffers }, predict: regnetPredictBy(config, { params, buffers }) };
  },
});

/** Puts a network on an engine. */
export const uploaded = (k: Kernels, { build, stored }: Network): Built =>
  build((name, shape) => {
    const found = stored.get(name);
    return k.upload(shape, found === undefined ? [] : numbersOf(found));
  });

/** A network of zeros, for a plan of the memory. */
export const onShapes = (k: Kernels, { build }: Network): Built => build((_, shape) => k.zeros(shape));
