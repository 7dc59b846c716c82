/** The student of the playground: a small distilled DeiT, and one step of its training with the settings of the moment. */
import type { HostBatch } from "#deit/data/loader/batch.js";
import { readTree } from "#deit/io/weights/trees.js";
import { evaluateHeads, type Evaluations } from "#deit/train/evaluation/evaluate.js";
import { tokenCosines, type TokenCosines } from "#deit/train/evaluation/tokenCosines.js";
import { rateOf } from "#deit/train/optimizer/schedule.js";
import { uploadBatch } from "#deit/train/step/uploadBatch.js";
import type { Predict } from "#deit/train/teachers/teacher.js";
import {
  deitLogits,
  deitTask,
  fold,
  gradientsOf,
  initialParams,
  initialState,
  keyOf,
  mixedBatch,
  undivided,
  updated,
  type DeitConfig,
  type DeitParams,
  type Distillation,
  type Engine,
  type TrainState,
} from "#deit/index.js";
import type { DigitsRecipe } from "../recipe.ts";
import type { Live, Start } from "./settings.ts";
import { digits, trainingBatches, wholeSet, type Digits } from "./views.ts";

/** The state of the student. */
export type StudentState = TrainState<DeitParams, null>;

/** What a step shows. */
export interface StepPoint {
  /** Steps done. */
  readonly step: number;
  /** Before the step. */
  readonly loss: number;
  /** Of the labels alone, without the teacher's part; null: there is no other part. */
  readonly truth: number | null;
  /** Norm of the gradient. */
  readonly norm: number;
  readonly lr: number;
}

/** The numbers of a tree by name. */
export type Leaves = Awaited<ReturnType<typeof readTree>>;

/** A step that has been done. */
export interface Done {
  readonly state: StudentState;
  readonly point: StepPoint;
  /** The gradients of the step; null: they were not asked for. */
  readonly gradients: Leaves | null;
}

/** What is measured on the test digits. */
export interface Measured {
  readonly evaluations: Evaluations;
  readonly cosines: TokenCosines | null;
}

/** A student on an engine. */
export interface Student {
  readonly config: DeitConfig;
  readonly stepsPerEpoch: number;
  readonly test: Digits;
  readonly initial: () => StudentState;
  /** The next step. Consumes the state. */
  readonly step: (state: StudentState, live: Live, teacher: Predict | null, withGradients: boolean) => Promise<Done>;
  readonly measured: (state: StudentState) => Promise<Measured>;
}

/** Pixels of a patch's side. */
const PATCH = 8;
/** The images on which the tokens are compared. */
const COMPARED = 60;

/** The loss that the settings choose, with their share and temperature. */
export function distillationOf({ losses }: DigitsRecipe, { teacher, lambda, tau }: Live): Distillation {
  const chosen = losses[teacher];
  if (chosen.kind === "hard") return { ...chosen, alpha: lambda };
  return chosen.kind === "soft" ? { ...chosen, lambda, tau } : chosen;
}

/** The sizes of the student: those of the recipe, with so many patches along a side. */
export const studentConfig = ({ recipe }: DigitsRecipe, grid: number): DeitConfig => ({
  ...recipe.model,
  patchSize: PATCH,
  imageSize: PATCH * grid,
});

/** A student on an engine. */
export function openStudent(engine: Engine, given: DigitsRecipe, file: Uint8Array, { seed, grid, epochs }: Start): Student {
  const k = engine.kernels;
  const { data, training } = given.recipe;
  const config = studentConfig(given, grid);
  const key = fold(keyOf(seed), "student");
  const batches = trainingBatches(digits(file, "train", config.imageSize), key, data, training.batch);
  const test = digits(file, "test", config.imageSize);
  const [all, some] = [wholeSet(test, data), wholeSet(test, data, COMPARED)];
  const target = { classes: config.classes, smoothing: training.smoothing };
  const schedule = { ...training.schedule, epochs };

  const uploaded = (made: HostBatch, teacher: Predict | null): Parameters<typeof gradientsOf>[3] => {
    const mixed = k.region("batch", () => mixedBatch(k, uploadBatch(k, made), [], target));
    return { ...mixed, teacher: teacher === null ? null : teacher(k, mixed.images) };
  };

  return {
    config,
    stepsPerEpoch: batches.stepsPerEpoch,
    test,
    initial: () => initialState(k, training, { params: initialParams(k, config, fold(key, "init")), buffers: null }),
    step: async (state, live, teacher, withGradients) => {
      const { dropPath } = live;
      const task = deitTask({ config, model: deitLogits, dropPath, dropout: training.dropout, distillation: distillationOf(given, live) });
      const lr = rateOf({ ...training, schedule: { ...schedule, base: live.lr } }, Math.floor(state.step / batches.stepsPerEpoch));
      const batch = uploaded(batches.at(state.step), teacher);
      const division = undivided(fold(fold(key, "step"), state.step), batch);
      const { loss, truth, ...made } = k.region("gradients", () => gradientsOf(k, task, state, batch, division));
      const gradients = withGradients ? readTree(engine, made.grads) : null;
      const settings = { optimizer: training.optimizer, lr, clipNorm: training.clipNorm, emaDecay: 0 };
      const next = updated(k, task, state, made, settings, true);
      const reads = [loss, truth, next.norm].map(async (t) => (t === null ? null : ((await engine.read(t))[0] ?? NaN)));
      engine.release([loss, truth, next.norm, batch]);
      const [of, ofTruth = null, norm] = await Promise.all(reads);
      const point = { step: next.state.step, loss: of ?? NaN, truth: ofTruth, norm: norm ?? NaN, lr };
      return { state: next.state, point, gradients: await gradients };
    },
    measured: async ({ params }) => ({
      evaluations: await evaluateHeads(engine, { config, params }, [all]),
      cosines: await tokenCosines(engine, { config, params }, [some]),
    }),
  };
}
