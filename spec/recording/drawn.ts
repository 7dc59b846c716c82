/** Random recordings of random models: what another implementation that is right would have made. */
import type { Draw } from "../../src/check/draw.ts";
import type { HostArray } from "../../src/check/host.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { DeitConfig } from "../../src/model/config.ts";
import type { Configuration, RecordedLoss, RecordedOptimizer, TaughtLoss } from "../../src/recording/format/configuration.ts";
import { drawnGiven } from "../../src/recording/format/draw.ts";
import type { Recording } from "../../src/recording/format/read.ts";
import { computeRecording } from "../../src/recording/steps/compute.ts";
import { tensorSpecsOf } from "../../src/recording/format/tensorSpecs.ts";
import { size, type Shape } from "../../src/tensor/tensor.ts";

function drawnModel(draw: Draw): DeitConfig {
  const [patchSize, side, heads] = [draw.integer(2, 5), draw.integer(2, 4), draw.integer(1, 4)];
  return {
    imageSize: patchSize * side,
    patchSize,
    channels: draw.integer(1, 3),
    width: heads * draw.integer(2, 12),
    depth: draw.integer(1, 3),
    heads,
    mlpRatio: draw.integer(1, 4),
    classes: draw.integer(2, 12),
    distilled: draw.oneOf([true, false]),
    layerNormEps: draw.oneOf([1e-6, 1e-5]),
    position: "learned",
  };
}

function drawnDistillation(draw: Draw, distilled: boolean): TaughtLoss {
  const student = distilled ? draw.oneOf<TaughtLoss["student"]>(["distillation", "class"]) : "class";
  return draw.oneOf([true, false])
    ? { kind: "hard", alpha: draw.real(0.1, 0.9), student }
    : { kind: "soft", lambda: draw.real(0.1, 0.9), tau: draw.real(1, 4), divideBy: draw.oneOf(["batch", "batch*classes"]), student };
}

function drawnLoss(draw: Draw, distilled: boolean): RecordedLoss {
  const distillation = draw.oneOf([true, false]) ? drawnDistillation(draw, distilled) : null;
  if (draw.oneOf([true, false])) return { target: "distribution", distillation };
  return { target: "labels", smoothing: draw.oneOf([0, 0.1, 0.3]), smoothingMass: draw.oneOf(["all", "others"]), distillation };
}

function drawnOptimizer(draw: Draw): RecordedOptimizer {
  const noDecay = draw.oneOf<RecordedOptimizer["noDecay"]>(["deit", "timm"]);
  const lr = Array.from({ length: draw.integer(1, 3) }, () => draw.real(1e-4, 2e-3));
  return draw.oneOf([true, false])
    ? { kind: "adamw", lr, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: draw.real(0, 0.1), noDecay }
    : { kind: "sgd", lr, momentum: draw.oneOf([0, 0.9]), nesterov: draw.oneOf([true, false]), weightDecay: draw.real(0, 1e-2), noDecay };
}

/** No weight at a special value: gains differ from 1, biases from 0. */
function drawnWeight(draw: Draw, name: string, shape: Shape): HostArray {
  if (shape.length === 1) return draw.array(shape, { mean: /norm[12]?\.weight$/.test(name) ? 1 : 0, deviation: 0.15 });
  if (/token$|pos_embed$/.test(name)) return draw.array(shape, { deviation: 0.5 });
  return draw.array(shape, { deviation: 1 / Math.sqrt(size(shape.slice(1))) });
}

function drawnTensor(draw: Draw, name: string, shape: Shape, classes: number): HostArray {
  if (name === "images") return draw.array(shape);
  if (name.startsWith("weights/")) return drawnWeight(draw, name.slice("weights/".length), shape);
  return drawnGiven(draw, name, shape, classes, draw.real(0.1, 0.5));
}

/** A random configuration with random given tensors, computed by an engine: every tensor that the format knows of. */
export async function drawnRecording(draw: Draw, engine: Engine): Promise<Recording> {
  const model = drawnModel(draw);
  const loss = draw.integer(0, 9) === 0 ? null : drawnLoss(draw, model.distilled);
  const configuration: Configuration = {
    producer: engine.name,
    dtype: engine.precision === "f64" ? "float64" : "float32",
    model,
    weights: "stored",
    images: "stored",
    dropPath: draw.oneOf([true, false]),
    loss,
    optimizer: loss === null ? null : drawnOptimizer(draw),
  };
  const batch = draw.integer(1, 4);
  const slots = [...tensorSpecsOf(configuration, batch)];
  const given = new Map(
    slots
      .filter(([, { role }]) => role === "given")
      .map(([name, { shape }]) => [name, drawnTensor(draw, name, shape, model.classes)] as const),
  );
  const wanted = new Map(
    slots.filter(([, { role }]) => role === "result").map(([name, { shape }]) => [name, { shape, data: new Float64Array(0) }] as const),
  );
  const empty: Recording = { configuration, batch, given, results: wanted, rounded: new Set() };
  return { ...empty, results: await computeRecording(engine, empty) };
}
