/** The objective of a training step of DeiT: the loss of a small network by loops, and its gradient by finite differences. */
import { gapOfGradients } from "../../check/close.ts";
import type { Draw } from "../../check/draw.ts";
import { evaluate, evaluateOne, hostArray, leavesOf, mapHost, upload, type Host, type HostArray, type Leaves } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { derivative } from "../../check/stencil.ts";
import { tolerances } from "../../check/tolerance.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { checkedConfig, type DeitConfig } from "../../model/config.ts";
import { deitLogits, type DeitParams, type DeitSaved } from "../../model/deit.ts";
import { fold, type Key } from "../../tensor/key.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { deitTask, type DeitTaskSettings } from "../../train/step/deitTask.ts";
import { undivided } from "../../train/step/gradients.ts";
import type { Mix } from "../../train/mixing/drawMix.ts";
import { mixedBatch, type Smoothing } from "../../train/step/mixedBatch.ts";
import type { Batch, LossAndGrads } from "../../train/step/task.ts";
import type { LabelledImages } from "../../train/step/uploadBatch.ts";
import type { Distillation } from "../../train/step/objective.ts";
import { drawDirection, share, smoothing, temperature } from "../cases/calls/losses.ts";
import { claimsRow, type Claim } from "../cases/claim.ts";
import { sineCosine } from "../loops/embedding.ts";
import { crossEntropy, hardDistillation, scalar, smoothOverAll, smoothOverOthers, softDistillation } from "../loops/losses.ts";
import { at, tabulate } from "../loops/matrix.ts";
import { mixup } from "../loops/mixing.ts";
import { deit } from "../loops/network.ts";
import { dropPathRate, multiplier } from "../loops/recipe.ts";
import { reshaped } from "../loops/rows.ts";
import { deitParams } from "../cases/networkParams.ts";

/** The teacher of these rows: its logits are the first pixels of the image that the student gets. */
const firstPixels =
  (K: number) =>
  (k: Kernels, images: Tensor): Tensor => {
    const [B = 0, C = 0, H = 0, W = 0] = images.shape;
    return k.slice(k.reshape(images, [B, C * H * W]), 1, 0, K);
  };

/** A small network with its batch and what is drawn in a step. */
export interface TaskCase {
  readonly settings: DeitTaskSettings<DeitSaved>;
  readonly params: Host<DeitParams>;
  readonly smoothing: Smoothing;
  readonly batch: Host<LabelledImages>;
  readonly mixes: readonly Mix[];
  readonly key: Key;
}

function drawConfig(draw: Draw, distilled: boolean): DeitConfig {
  return checkedConfig({
    imageSize: 4,
    patchSize: 2,
    channels: 1,
    width: 6,
    depth: draw.integer(1, 3),
    heads: draw.oneOf([2, 3]),
    mlpRatio: 0.5,
    classes: draw.integer(2, 5),
    distilled,
    layerNormEps: draw.real(0.01, 0.1),
    position: draw.oneOf(["learned", "fixed"]),
  });
}

function drawDistillation(draw: Draw, distilled: boolean): Distillation {
  if (!distilled) return { kind: "none" };
  const divergence = { tau: temperature(draw), divideBy: "batch", direction: drawDirection(draw) } as const;
  const soft = { kind: "soft", lambda: share(draw), ...divergence, student: "distillation" } as const;
  return draw.oneOf<Distillation>([soft, { kind: "hard", alpha: share(draw), student: "distillation" }]);
}

/** How a case is drawn. */
interface TaskCaseSettings {
  readonly dropout: number;
  /** Samples. */
  readonly B: number;
}

export function drawTask(draw: Draw, { dropout, B }: TaskCaseSettings): TaskCase {
  const distilled = draw.oneOf([true, false]);
  const config = drawConfig(draw, distilled);
  const { imageSize: S, patchSize: p, channels: C, width: D, classes: K, depth: L, mlpRatio } = config;
  const sizes = { C, p, N: (S / p) ** 2, D, M: D * mlpRatio, K, L, distilled, learned: config.position === "learned" };
  const settings: TaskCase["settings"] = {
    config,
    model: deitLogits,
    dropPath: draw.oneOf([0, draw.real(0.2, 0.7)]),
    dropout,
    distillation: drawDistillation(draw, distilled),
  };
  return {
    settings,
    smoothing: { share: smoothing(draw), over: draw.oneOf<Smoothing["over"]>(["all", "others"]) },
    params: deitParams(draw, sizes),
    batch: { images: draw.array([B, C, S, S]), labels: draw.labels([B], K) },
    mixes: B % 2 === 0 ? drawMixed(draw) : [],
    key: draw.key(),
  };
}

/** Mixup of the whole batch, or nothing. CutMix has a row of its own. */
const drawMixed = (draw: Draw): readonly Mix[] => draw.oneOf([[], [{ kind: "mixup", lambda: draw.real(0, 1) }]]);

/** The batch's images, or any numbers of its samples, mixed by loops. */
function mixedByLoops(x: HostArray, mixes: readonly Mix[]): HostArray {
  const [mix] = mixes;
  return mix?.kind === "mixup" ? mixup(x, mix.lambda) : x;
}

/** The loss by loops, with mixed and smoothed targets, drop-path masks and teacher. */
function lossByLoops({ settings, smoothing: { share: eps, over }, params, batch, mixes, key }: TaskCase): number {
  const { labels } = batch;
  const images = mixedByLoops(batch.images, mixes);
  const { config, distillation } = settings;
  const { patchSize, heads, layerNormEps, depth: L, width: D, classes: K, imageSize: S } = config;
  const [B = 0, C = 0] = images.shape;
  const mask = (branch: string, i: number): HostArray =>
    multiplier(fold(key, "dropPath"), `blocks.${i}.${branch}`, dropPathRate(settings.dropPath, L, i), B);
  const dropPath = Array.from({ length: L }, (_, i) => ({ attn: mask("attn", i), mlp: mask("mlp", i) }));
  const T = (S / patchSize) ** 2 + (config.distilled ? 2 : 1);
  const fixedPosition = config.position === "fixed" ? reshaped(sineCosine(T, D), [1, T, D]) : null;
  const { head, head_dist } = deit(
    { images, params },
    { patchSize, heads, eps: layerNormEps, fixedPosition, dropPath, dropout: null },
  ).logits;

  const smooth = over === "all" ? smoothOverAll : smoothOverOthers;
  const target = mixedByLoops(smooth(labels, K, eps), mixes);
  const teacher = tabulate([B, K], (b, j) => images.data[b * C * S * S + j] ?? NaN);
  if (head_dist === null) return crossEntropy(head, target);
  if (distillation.kind === "hard") return hardDistillation([head, head_dist], target, teacher, distillation.alpha);
  return distillation.kind === "soft" ? softDistillation([head, head_dist], target, teacher, { ...distillation, perClass: false }) : NaN;
}

/** The batch on an engine, mixed and with the teacher's logits. */
export function mixedOn(k: Kernels, { settings, smoothing, batch, mixes }: TaskCase): Batch {
  const { classes, distilled } = settings.config;
  const mixed = mixedBatch(k, upload<LabelledImages>(k, batch), mixes, { classes, smoothing });
  return { ...mixed, teacher: distilled ? firstPixels(classes)(k, mixed.images) : null };
}

/** Loss and gradients by the project's code, with these parameters. */
function run(k: Kernels, drawn: TaskCase, params: Host<DeitParams>): LossAndGrads<DeitParams, null> {
  const model = { params: upload<DeitParams>(k, params), buffers: null };
  const batch = mixedOn(k, drawn);
  return deitTask(drawn.settings).lossAndGrads(k, model, batch, undivided(drawn.key, batch), k.upload([], [1]));
}

function lossClaims(draw: Draw): readonly Claim[] {
  const drawn = drawTask(draw, { dropout: 0, B: draw.integer(1, 3) });
  return [{ actual: (k) => run(k, drawn, drawn.params).loss, expected: scalar(lossByLoops(drawn)) }];
}

/** The cotangent of the loss. */
const COTANGENT = 1;

/** ⟨gradient, v⟩ against the slope of the loss along a unit direction v, as a share of the sum of all |contributions|, like the law of gradients. */
const gradientError: Row["error"] = async (engine, draw, reference) => {
  const drawn = drawTask(draw, { dropout: draw.oneOf([0, draw.real(0.1, 0.4)]), B: draw.integer(1, 3) });
  const raw = mapHost(drawn.params, ({ shape }) => draw.array(shape));
  const length = Math.sqrt([...leavesOf(raw).values()].reduce((total, { data }) => total + data.reduce((sum, x) => sum + x * x, 0), 0));
  const direction = leavesOf(raw);
  const along = async (h: number): Promise<number> => {
    const moved = mapHost(drawn.params, ({ shape, data }, name) =>
      hostArray(
        shape,
        data.map((x, i) => x + (h * (direction.get(name)?.data[i] ?? NaN)) / length),
      ),
    );
    return at(await evaluateOne(engine, (k) => run(k, drawn, moved).loss));
  };
  if (drawn.settings.dropout > 0) {
    const undropped = { ...drawn, settings: { ...drawn.settings, dropout: 0 } };
    const loss = await evaluateOne(engine, (k) => run(k, undropped, drawn.params).loss);
    if (at(loss) === (await along(0))) return Infinity; // nothing was dropped
  }
  const gradsOf = (on: Engine): Promise<Leaves> => evaluate(on, (k) => run(k, drawn, drawn.params).grads);
  const grads = await gradsOf(engine);
  if (engine.precision !== "f64") return gapOfGradients(grads, await gradsOf(reference), COTANGENT, engine.precision);
  if (grads.size !== direction.size) return Infinity;
  const contributions = [...direction].flatMap(([name, { data }]) =>
    [...data].map((v, i) => (v * (grads.get(name)?.data[i] ?? NaN)) / length),
  );
  const slope = contributions.reduce((a, b) => a + b, 0);
  const mass = contributions.reduce((a, b) => a + Math.abs(b), 0);
  return Math.abs((await derivative(along)) - slope) / mass;
};

export const deitTaskRows: readonly Row[] = [
  claimsRow("identity/training-loss", "the loss of a training step: network, drop path, smoothing and teacher, by loops", lossClaims),
  {
    id: "identity/training-gradient",
    title: "the gradient of a training step, with drop path and dropout, by finite differences (in f32 and f16: by the reference engine)",
    tolerance: tolerances.gradients,
    error: gradientError,
  },
];
