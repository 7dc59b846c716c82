/** Lists the tensors that a recording must or may hold (recording format, section 3), with their shapes, from its JSON. */
import { patchCount, tokenCount, type DeitConfig } from "../../model/config.ts";
import { parameterShapes } from "../../model/params.ts";
import type { Shape } from "../../tensor/tensor.ts";
import type { Configuration } from "./configuration.ts";

/** What the format says of one tensor. */
export interface TensorSpec {
  /** The shape that it must have. */
  readonly shape: Shape;
  /** `given`: the computation starts from it, and the file must hold it. `result`: the producer computed it, and may leave it out. */
  readonly role: "given" | "result";
  /** It holds class numbers in I64, instead of floating-point numbers. */
  readonly labels?: true;
}

/** [B, C, S, S] */
export const imageShape = ({ channels, imageSize }: DeitConfig, B: number): Shape => [B, channels, imageSize, imageSize];

/** The taps (named intermediate values) and their shapes, in the order in which they are computed. */
export function tapShapes(model: DeitConfig, B: number): ReadonlyMap<string, Shape> {
  const { width: D, depth, heads: h, mlpRatio, classes: K, distilled } = model;
  const T = tokenCount(model);
  const tokens = [B, T, D];
  const block = (i: number): [string, Shape][] => [
    [`blocks.${i}.norm1`, tokens],
    [`blocks.${i}.attn.qkv`, [B, T, 3 * D]],
    [`blocks.${i}.attn.scores`, [B, h, T, T]],
    [`blocks.${i}.attn.probs`, [B, h, T, T]],
    [`blocks.${i}.attn.context`, tokens],
    [`blocks.${i}.attn`, tokens],
    [`blocks.${i}.mid`, tokens],
    [`blocks.${i}.norm2`, tokens],
    [`blocks.${i}.mlp.fc1`, [B, T, D * mlpRatio]],
    [`blocks.${i}.mlp.gelu`, [B, T, D * mlpRatio]],
    [`blocks.${i}.mlp`, tokens],
    [`blocks.${i}`, tokens],
  ];
  return new Map<string, Shape>([
    ["patch_embed", [B, patchCount(model), D]],
    ["embed", tokens],
    ...Array.from({ length: depth }, (_, i) => block(i)).flat(),
    ["norm", tokens],
    ["head", [B, K]],
    ...(distilled ? [["head_dist", [B, K]] satisfies [string, Shape]] : []),
    ["logits", [B, K]],
  ]);
}

function givenSpecs({ model, weights, images, dropPath, loss }: Configuration, B: number): Map<string, TensorSpec> {
  const given = new Map<string, TensorSpec>();
  const add = (name: string, shape: Shape): unknown => given.set(name, { shape, role: "given" });
  if (weights === "stored") for (const [name, shape] of parameterShapes(model)) add(`weights/${name}`, shape);
  if (images === "stored") add("images", imageShape(model, B));
  if (loss?.target === "labels") given.set("labels", { shape: [B], role: "given", labels: true });
  if (loss?.target === "distribution") add("distribution", [B, model.classes]);
  if ((loss?.distillation ?? null) !== null) add("teacher", [B, model.classes]);
  const dropped = dropPath ? model.depth : 0;
  for (let i = 0; i < dropped; i++) for (const branch of ["attn", "mlp"]) add(`dropPath/blocks.${i}.${branch}`, [B]);
  return given;
}

/** `logits` has a cotangent only where the loss reads it: in a distilled model without a teacher. */
const readsLogits = ({ model, loss }: Configuration): boolean => model.distilled && loss?.distillation === null;

function resultSpecs(configuration: Configuration, B: number): Map<string, TensorSpec> {
  const { model, loss, optimizer } = configuration;
  const results = new Map<string, TensorSpec>();
  const add = (name: string, shape: Shape): unknown => results.set(name, { shape, role: "result" });
  const taps = tapShapes(model, B);
  for (const [name, shape] of taps) add(`taps/${name}`, shape);
  if (loss === null) return results;
  add("loss", []);
  for (const [name, shape] of taps) if (name !== "logits" || readsLogits(configuration)) add(`cotangents/${name}`, shape);
  const weights = parameterShapes(model);
  for (const [name, shape] of weights) add(`grads/${name}`, shape);
  add("grads/images", imageShape(model, B));
  for (const i of optimizer?.lr.keys() ?? []) for (const [name, shape] of weights) add(`after/${i + 1}/${name}`, shape);
  return results;
}

/** Every tensor that the JSON calls for or allows, by name, for a batch of B images. */
export function tensorSpecsOf(configuration: Configuration, B: number): ReadonlyMap<string, TensorSpec> {
  return new Map([...givenSpecs(configuration, B), ...resultSpecs(configuration, B)]);
}
