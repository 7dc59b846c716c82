/** Lists the tensors that a recording must or may hold (recording format, section 3), with their shapes, from its JSON. */
import { abstractEngine } from "../../engines/abstract/engine.ts";
import type { DeitConfig } from "../../model/config.ts";
import { deitLogits } from "../../model/deit.ts";
import { meanOfLogits } from "../../model/fusion.ts";
import { buildParams, parameterShapes } from "../../model/params.ts";
import { inference, observe, outputs } from "../../ops/observe.ts";
import type { Shape } from "../../tensor/tensor.ts";
import { deitAttrs } from "../../train/step/deitTask.ts";
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

/** The paths of the ops whose outputs are taps, the named intermediate values of a recording. */
const TAP =
  /^(patch_embed|embed|norm|head|head_dist|logits)$|^blocks\.\d+(\.(norm1|attn(\.(qkv|scores|probs|context))?|mid|norm2|mlp(\.(fc1|gelu))?))?$/;

/** The shapes of the taps, in the order in which the model computes them, from a run on the abstract engine. */
export function tapShapes(model: DeitConfig, B: number): ReadonlyMap<string, Shape> {
  const { kernels } = abstractEngine();
  const shapes = new Map<string, Shape>();
  const k = observe(
    inference(kernels),
    outputs((path, { shape }) => {
      if (TAP.test(path)) shapes.set(path, shape);
    }),
  );
  k.region("tapShapes", () => {
    const inputs = { images: k.zeros(imageShape(model, B)), params: buildParams(model, (_, shape) => k.zeros(shape)) };
    const { out: logits } = deitLogits.forward(k, inputs, deitAttrs(k, model));
    meanOfLogits.forward(k.at("logits"), logits);
    return null;
  });
  return shapes;
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
