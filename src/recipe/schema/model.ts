/** The tables `[model]` and `[teacher.model]`: the sizes of the student and of a teacher, which is a RegNetY or a DeiT. */
import { z } from "zod";
import { checkedConfig, type DeitConfig } from "../../model/config.ts";
import { checkedRegnetConfig, type RegnetConfig } from "../../teacher/config.ts";
import { count, flag, given, listOf, oneOf, positive, tableOf, text } from "../fields.ts";

const SIZES = "deit.md 4.1";

const student = tableOf({
  image_size: given(count, 224, SIZES, "side of the images, in pixels; a multiple of patch_size"),
  patch_size: given(count, 16, SIZES, "side of a patch, in pixels"),
  channels: given(count, 3, SIZES, "channels of the images"),
  width: count.meta({ description: "width of a token; a multiple of heads" }),
  depth: given(count, 12, SIZES, "number of blocks"),
  heads: count.meta({ description: "attention heads" }),
  mlp_ratio: given(positive, 4, SIZES, "hidden width of the feed-forward network, as a multiple of width"),
  classes: given(count, 1000, SIZES, "number of classes"),
  distilled: flag.meta({ description: "whether the model has a distillation token and a second head" }),
  layer_norm_eps: given(positive, 1e-6, "deit.md 1.4", "ε of every layer norm"),
  position: given(oneOf("learned", "fixed"), "learned", "deit.md 1.3", "position embeddings: learned, or fixed sines and cosines"),
});

const REGNET = "deit.md 8.1";
const KINDS = 'must be "regnety" or "deit"';

const regnet = tableOf({
  kind: z.literal("regnety", { error: KINDS }).meta({ source: REGNET }),
  stem: given(count, 32, REGNET, "width of the stem"),
  widths: listOf(count).meta({ description: "width of each stage" }),
  depths: listOf(count).meta({ description: "number of blocks of each stage" }),
  group_width: count.meta({ description: "channels of a group of the 3×3 convolutions, a divisor of every width" }),
  se_ratio: given(positive, 0.25, REGNET, "squeezed width of a block, as a share of the width of its input"),
  batch_norm_eps: given(positive, 1e-5, REGNET, "ε of every batch norm"),
});

/** A DeiT as a teacher: its images and classes are given elsewhere. */
const { patch_size, width, depth, heads, mlp_ratio, layer_norm_eps, position } = student.shape;
const deitTeacher = tableOf({
  kind: z.literal("deit", { error: KINDS }).meta({ source: SIZES }),
  patch_size,
  width,
  depth,
  heads,
  mlp_ratio,
  layer_norm_eps,
  position,
  distilled: given(
    flag,
    false,
    "this project",
    "whether the teacher has a second class token and a second head, which learns the labels too",
  ),
});

/** The schema of `[model]`. */
export const modelTable: z.ZodObject = student;
/** The schema of a RegNetY's `[teacher.model]`. */
export const regnetTable: z.ZodObject = regnet;
/** The schema of a DeiT's `[teacher.model]`. */
export const deitTeacherTable: z.ZodObject = deitTeacher;

/** A table of a file, in which a published model may be named. */
export const named = (table: z.ZodObject, names: readonly string[]): z.ZodObject =>
  table.extend({ name: text.meta({ description: `a published model, whose sizes are the defaults: ${names.join(", ")}` }) });

/** What `[model]` says. @throws RangeError for sizes that no model can have */
export function modelOf(table: unknown): DeitConfig {
  const { image_size, patch_size, mlp_ratio, layer_norm_eps, ...same } = student.parse(table);
  return checkedConfig({ ...same, imageSize: image_size, patchSize: patch_size, mlpRatio: mlp_ratio, layerNormEps: layer_norm_eps });
}

/** What a DeiT's `[teacher.model]` says. @throws RangeError for sizes that no model can have */
export function deitTeacherOf(table: unknown, of: Pick<DeitConfig, "imageSize" | "channels" | "classes">): DeitConfig {
  const { kind: _, patch_size: patchSize, mlp_ratio: mlpRatio, layer_norm_eps: layerNormEps, ...same } = deitTeacher.parse(table);
  return checkedConfig({ ...same, ...of, patchSize, mlpRatio, layerNormEps });
}

/** What a RegNetY's `[teacher.model]` says, for the student's images and classes. @throws RangeError for sizes that no network can have */
export function regnetOf(table: unknown, { channels, classes }: DeitConfig): RegnetConfig {
  const { stem, widths, depths, group_width: groupWidth, se_ratio: seRatio, batch_norm_eps: batchNormEps } = regnet.parse(table);
  return checkedRegnetConfig({ channels, stem, widths, depths, groupWidth, seRatio, classes, batchNormEps });
}
