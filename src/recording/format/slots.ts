/** The tensors that a recording may hold (recording format, section 3), as its JSON calls for them. */
import { abstractEngine } from "../../engines/abstract/engine.ts";
import type { DeitConfig } from "../../model/config.ts";
import { deitLogits } from "../../model/deit.ts";
import { meanOfLogits } from "../../model/fusion.ts";
import { buildParams, parameterShapes } from "../../model/params.ts";
import { inference, observe, outputs } from "../../ops/observe.ts";
import type { Shape } from "../../tensor/tensor.ts";
import { deitAttrs } from "../../train/step/deitTask.ts";
import type { Configuration } from "./configuration.ts";

/** `given`: what the computation starts from, all of it needed. `result`: what the producer computed, any subset. */
export interface Slot {
  /** Axis lengths that the tensor must have. */
  readonly shape: Shape;
  /** Whether it is needed, or a result that may be left out. */
  readonly role: "given" | "result";
  /** I64 class numbers instead of float values. */
  readonly labels?: true;
}

/** [B, C, S, S] */
export const imageShape = ({ channels, imageSize }: DeitConfig, B: number): Shape => [B, channels, imageSize, imageSize];

/** The paths of the ops whose outputs a recording holds. */
const TAP =
  /^(patch_embed|embed|norm|head|head_dist|logits)$|^blocks\.\d+(\.(norm1|attn(\.(qkv|scores|probs|context))?|mid|norm2|mlp(\.(fc1|gelu))?))?$/;

/** The shapes of the taps, in the order in which the model computes them: those of a run on an engine without numbers. */
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

function givenSlots({ model, weights, images, dropPath, loss }: Configuration, B: number): Map<string, Slot> {
  const given = new Map<string, Slot>();
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

/** `logits` has a cotangent only where the loss reads it: both heads and no teacher. */
const readsLogits = ({ model, loss }: Configuration): boolean => model.distilled && loss?.distillation === null;

function resultSlots(configuration: Configuration, B: number): Map<string, Slot> {
  const { model, loss, optimizer } = configuration;
  const results = new Map<string, Slot>();
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

/** Every tensor that the JSON calls for or allows, for a batch of B images. */
export function slotsOf(configuration: Configuration, B: number): ReadonlyMap<string, Slot> {
  return new Map([...givenSlots(configuration, B), ...resultSlots(configuration, B)]);
}
