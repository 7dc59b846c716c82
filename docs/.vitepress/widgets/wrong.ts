/**
 * What a wrong version does: a tiny distilled DeiT is computed right and with a variant of the catalogue, and the wrong numbers are verified as if a
 * stranger's program had recorded them.
 */
import { keyOf, referenceEngine } from "deit";
import { compare, indexOf, type HostArray } from "deit/check";
import {
  catalogue,
  chosenResults,
  givenOf,
  makeRecording,
  recordingWithVariant,
  verify,
  type Choices,
  type Configuration,
  type Recording,
  type RecordedLoss,
  type RecordedOptimizer,
  type Variant,
  type Verification,
} from "deit/recording";

/** One number of a tensor. */
export interface Value {
  /** Its indices: `0, 3, 5`. */
  readonly at: string;
  readonly right: number;
  readonly wrong: number;
}

/** What `verify` says. */
export interface Verified {
  /** The tensor at which the recording is wrong first; null: nothing is wrong. */
  readonly first: string | null;
  /** Largest error there, and the largest that is allowed, as shares of the tensor's scale. */
  readonly error: number;
  readonly bound: number;
  /** The variant that it names; null: it names none. */
  readonly variant: string | null;
  /** How far the values of that variant are from the recorded ones, as a share of their scale. */
  readonly residual: number;
}

/** Everything that is shown of one wrong version. */
export interface Mistake {
  /** The tensor that differs first, in the order of the computation. */
  readonly tensor: string;
  readonly shape: readonly number[];
  /** The largest difference, as a share of the largest right value. */
  readonly share: number;
  /** Where the difference is largest, largest first. */
  readonly values: readonly Value[];
  /** How many of all recorded tensors differ. */
  readonly differing: number;
  readonly recorded: number;
  readonly verified: Verified;
}

const model: Configuration["model"] = {
  imageSize: 8,
  patchSize: 4,
  channels: 3,
  width: 8,
  depth: 2,
  heads: 2,
  mlpRatio: 2,
  classes: 10,
  distilled: true,
  layerNormEps: 1e-6,
  position: "learned",
};
const BATCH = 2;
/** The rate of drop path, where there is one: some branches are dropped and some are not. */
const DROP_PATH = 0.5;

const labels = { target: "labels", smoothing: 0.1 } as const;
const hard = { kind: "hard", alpha: 0.3, student: "distillation" } as const;
const soft = { kind: "soft", lambda: 0.3, tau: 2.5, divideBy: "batch", student: "distillation" } as const;
const adamw: RecordedOptimizer = {
  kind: "adamw",
  lr: [0.02, 0.01],
  weightDecay: 0.3,
  noDecay: "deit",
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-3,
};
const sgd: RecordedOptimizer = { kind: "sgd", lr: [0.1, 0.1], weightDecay: 0.01, noDecay: "deit", momentum: 0.9, nesterov: true };

/** Trainings, each with something that some variants need to make a difference. */
const trainings: readonly { readonly loss: RecordedLoss; readonly optimizer: RecordedOptimizer; readonly dropPath: boolean }[] = [
  { loss: { ...labels, smoothingMass: "all", distillation: hard }, optimizer: adamw, dropPath: false },
  { loss: { ...labels, smoothingMass: "all", distillation: soft }, optimizer: sgd, dropPath: false },
  { loss: { ...labels, smoothingMass: "others", distillation: hard }, optimizer: adamw, dropPath: true },
];

/** What is recorded: as much as shows a variant of this part. */
const choicesOf: { readonly [P in Variant["part"]]: Choices } = {
  forward: { taps: "all", cotangents: "none", grads: "none", after: "none" },
  loss: { taps: "all", cotangents: "all", grads: "all", after: "none" },
  backward: { taps: "all", cotangents: "all", grads: "all", after: "none" },
  optimizer: { taps: "none", cotangents: "none", grads: "all", after: "all" },
};

/** Differences below this are rounding. */
const ROUNDING = 1e-10;
/** How many numbers are shown. */
const SHOWN = 4;

const engine = referenceEngine();

async function rightRecording(training: (typeof trainings)[number], part: Variant["part"], seed: number): Promise<Recording> {
  const configuration: Configuration = {
    producer: "a wrong version",
    dtype: "float64",
    model,
    weights: { hash: seed },
    images: { hash: seed + 1, batch: BATCH },
    ...training,
  };
  const given = givenOf(configuration, BATCH, new Map(), keyOf(seed), DROP_PATH);
  const names = chosenResults(configuration, BATCH, choicesOf[part]);
  return makeRecording(engine, { configuration, batch: BATCH, given, names, store: "f64" });
}

function largest(right: HostArray, wrong: HostArray): readonly Value[] {
  const values = [...right.data].map((x, i) => ({ at: indexOf(right.shape, i).join(", "), right: x, wrong: wrong.data[i] ?? Number.NaN }));
  return values.toSorted((a, b) => Math.abs(b.wrong - b.right) - Math.abs(a.wrong - a.right)).slice(0, SHOWN);
}

function verified({ first, findings }: Verification): Verified {
  const explanation = findings?.explanation ?? null;
  return {
    first: first?.name ?? null,
    error: first?.error ?? 0,
    bound: first?.tolerance.bound ?? 0,
    variant: explanation?.variant ?? null,
    residual: explanation?.residual ?? 0,
  };
}

/** How a tensor differs. */
interface Difference {
  readonly tensor: string;
  readonly right: HostArray;
  readonly wrong: HostArray;
  /** The largest difference, as a share of the largest right value. */
  readonly share: number;
}

/** The tensors that differ by more than rounding. */
function differences(right: Recording, wrong: Recording, names: readonly string[]): readonly Difference[] {
  return names.flatMap((tensor) => {
    const [a, b] = [right.results.get(tensor), wrong.results.get(tensor)];
    if (a === undefined || b === undefined) return [];
    const { error: share } = compare(b, a);
    return share > ROUNDING ? [{ tensor, right: a, wrong: b, share }] : [];
  });
}

/** The variant of that name. Where several have it, which differ in what a program's author would record, the first. */
export function variantNamed(name: string): Variant {
  const found = catalogue.find((variant) => variant.name === name);
  if (found === undefined) throw new Error(`no variant is called ${name}`);
  return found;
}

/** What this variant does in the first training in which it makes a difference; null: in none. */
export async function mistakeOf(name: string, seed: number): Promise<Mistake | null> {
  const variant = variantNamed(name);
  for (const training of trainings) {
    const right = await rightRecording(training, variant.part, seed);
    const wrong = await recordingWithVariant(engine, right, variant);
    const names = [...right.results.keys()];
    if (differences(right, wrong, names).length === 0) continue;
    const verification = await verify(engine, wrong);
    const inOrder = verification.tensors.map((tensor) => tensor.name);
    const differing = differences(right, wrong, inOrder);
    const [first] = differing;
    if (first === undefined) continue;
    return {
      tensor: first.tensor,
      shape: first.right.shape,
      share: first.share,
      values: largest(first.right, first.wrong),
      differing: differing.length,
      recorded: names.length,
      verified: verified(verification),
    };
  }
  return null;
}
