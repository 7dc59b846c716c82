/** A recording of the student's training step, right or with a variant of the catalogue, as if a stranger's program had made it. */
import type { HostArray } from "#deit/check/host.js";
import { numbersOf } from "#deit/io/weights/stored.js";
import type { Leaves } from "../training/student.ts";
import { chosenResults } from "#deit/recording/format/chosenResults.js";
import type { Configuration } from "#deit/recording/format/configuration.js";
import { givenOf } from "#deit/recording/format/draw.js";
import type { Recording } from "#deit/recording/format/read.js";
import { makeRecording } from "#deit/recording/makeRecording.js";
import { recordingWithVariant } from "#deit/recording/recordingWithVariant.js";
import { catalogue } from "#deit/recording/variants/catalogue.js";
import type { Variant } from "#deit/recording/variants/variant.js";
import { keyOf, type DeitConfig, type Engine } from "#deit/index.js";

/** The student at some step, with images to compute on. */
export interface Sample {
  readonly config: DeitConfig;
  /** By name. */
  readonly weights: Leaves;
  /** [B, C, S, S], normalised. */
  readonly images: HostArray;
  readonly labels: readonly number[];
}

type Training = Pick<Configuration, "loss" | "optimizer" | "dropPath">;

const adamw = { kind: "adamw", lr: [1e-3, 1e-3], weightDecay: 0.05, noDecay: "deit", beta1: 0.9, beta2: 0.999, eps: 1e-8 } as const;
const sgd = { kind: "sgd", lr: [0.1, 0.1], weightDecay: 0.01, noDecay: "deit", momentum: 0.9, nesterov: true } as const;
const labels = { target: "labels", smoothing: 0.1 } as const;
const hard = { kind: "hard", alpha: 0.3, student: "distillation" } as const;
const soft = { kind: "soft", lambda: 0.3, tau: 3, divideBy: "batch", student: "distillation" } as const;

/** Trainings, each with something that some variants need to make a difference. */
const trainings: readonly Training[] = [
  { loss: { ...labels, smoothingMass: "all", distillation: hard }, optimizer: adamw, dropPath: false },
  { loss: { ...labels, smoothingMass: "all", distillation: soft }, optimizer: sgd, dropPath: false },
  { loss: { ...labels, smoothingMass: "others", distillation: hard }, optimizer: adamw, dropPath: true },
];
/** The rate of drop path, where there is one. */
const DROP_PATH = 0.5;

/** The variants that can be chosen, by name. */
export const variantNames: readonly string[] = [...new Set(catalogue.map(({ name }) => name))];

/** The variant of that name; null: the right network. */
export const variantNamed = (name: string): Variant | null => catalogue.find((variant) => variant.name === name) ?? null;

async function rightRecording(
  engine: Engine,
  { config, weights, images, labels: classes }: Sample,
  training: Training,
): Promise<Recording> {
  const configuration: Configuration = {
    producer: "the playground",
    dtype: "float64",
    model: config,
    weights: "stored",
    images: "stored",
    ...training,
  };
  const batch = classes.length;
  const known = new Map<string, HostArray>([
    ...[...weights].map(([name, tensor]) => [`weights/${name}`, { shape: tensor.shape, data: numbersOf(tensor) }] as const),
    ["images", images],
    ["labels", { shape: [batch], data: Float64Array.from(classes) }],
  ]);
  const given = givenOf(configuration, batch, known, keyOf(0), DROP_PATH);
  const names = chosenResults(configuration, batch, { taps: "all", cotangents: "all", grads: "all", after: "all" });
  return makeRecording(engine, { configuration, batch, given, names, store: "f64" });
}

/** A mistake that shows is this share of a tensor's scale or more; rounding is less, and verify's tolerance as well. */
const SHOWS = 1e-8;

/** Whether a tensor of two recordings differs by more than rounding. */
const differs = (a: Recording, b: Recording): boolean =>
  [...a.results.keys()].some((name) => {
    const [one, other] = [a.results.get(name)?.data, b.results.get(name)?.data];
    const scale = one?.reduce((most, x) => Math.max(most, Math.abs(x)), 0) ?? 0;
    return one === undefined || other === undefined || one.some((x, i) => !(Math.abs(x - (other[i] ?? NaN)) <= SHOWS * scale));
  });

/** The recording of a sample with a variant, in the first training in which the variant makes a difference. */
export async function sampleRecording(engine: Engine, sample: Sample, variant: Variant | null): Promise<Recording> {
  const [first = { loss: null, optimizer: null, dropPath: false }] = trainings;
  if (variant === null) return rightRecording(engine, sample, first);
  for (const training of trainings) {
    const right = await rightRecording(engine, sample, training);
    const wrong = await recordingWithVariant(engine, right, variant);
    if (differs(right, wrong)) return wrong;
  }
  return rightRecording(engine, sample, first);
}
