/** A training on its engine: its state, timeline, checkpoints and teacher, and what it reports of them. */
import { readTree } from "#deit/io/weights/trees.js";
import { restoredState, type Engine } from "#deit/index.js";
import { look, type Expected, type Subject } from "../looking/look.ts";
import { nearest, upTo, withCheckpoint, type History } from "./history.ts";
import type { Command, Measurement, Report } from "./messages.ts";
import { changed, liveAt, until, type Live, type Timeline } from "./settings.ts";
import { parameterRows } from "./statistics.ts";
import type { Leaves, Measured, StepPoint, Student } from "./student.ts";
import { sampleImages } from "./views.ts";
import { openTeacher, type StudyingTeacher } from "./teacher.ts";

/** The time between two reports of steps, in ms. */
const REPORT_MS = 250;
/** How many measurements an epoch has. */
const MEASURED_PER_EPOCH = 2;

/** How many test images are recorded when a student is broken. */
const SAMPLED = 2;

/** The command that opens a training. */
export type Opening = Command & { readonly do: "open" };

/** What is trained. */
export interface Studio {
  readonly engine: Engine;
  readonly student: Student;
  readonly expected: Expected;
  /** Of the whole training. */
  readonly steps: number;
  readonly opening: Opening;
}

/** A training, between two steps. */
export interface Training {
  /** Steps done. */
  readonly step: () => number;
  readonly timeline: () => Timeline;
  /** Whether the last step is done. */
  readonly ended: () => boolean;
  /** A step of the teacher, if the student needs one that has not been trained yet, else of the student. */
  readonly advance: () => Promise<void>;
  /** Measures and reports the state. */
  readonly measure: () => Promise<void>;
  readonly change: (set: Partial<Live>) => void;
  /** Returns to the last checkpoint at or before a step, and forgets what came after the step. */
  readonly restore: (step: number) => void;
  /** Whether weights and gradients are reported. */
  readonly layers: (wanted: boolean) => void;
  readonly look: (subject: Subject) => Promise<void>;
  /** Reports the weights with a few test images. */
  readonly sample: () => Promise<void>;
}

const measurementOf = (step: number, { evaluations, cosines }: Measured): Measurement => ({
  step,
  top1: {
    class: evaluations.class.top1,
    distillation: evaluations.distillation?.top1 ?? null,
    mean: evaluations.mean.top1,
    "softmax-sum": evaluations["softmax-sum"].top1,
  },
  cosines: cosines === null ? [] : [cosines.positioned, ...cosines.blocks],
});

/** Collects the points of steps, and posts them a few times a second. */
function stepReports(
  post: (report: Report) => void,
  now: () => number,
): { readonly add: (point: StepPoint) => void; readonly flush: () => void } {
  let points: StepPoint[] = [];
  let since = now();
  const flush = (): void => {
    const seconds = (now() - since) / 1000;
    if (points.length > 0) post({ told: "steps", points, perSecond: points.length / Math.max(seconds, 1e-3) });
    [points, since] = [[], now()];
  };
  return {
    add: (point) => {
      points.push(point);
      if (now() - since > REPORT_MS) flush();
    },
    flush,
  };
}

/** The teacher that a training's settings ask for, which is opened when it is first needed. */
function teacherOf({ engine, student, opening }: Studio): () => StudyingTeacher {
  let teacher: StudyingTeacher | null = null;
  return () => {
    const { seed, teacherEpochs: epochs } = opening.timeline.start;
    return (teacher ??= openTeacher(engine, opening.recipe, opening.digits, { seed, side: student.config.imageSize, epochs }));
  };
}

/** A training at step 0. */
export async function openTraining(studio: Studio, post: (report: Report) => void, now: () => number): Promise<Training> {
  const { engine, student, expected, steps, opening } = studio;
  const measuredEvery = Math.max(1, Math.floor(student.stepsPerEpoch / MEASURED_PER_EPOCH));
  const teacher = teacherOf(studio);
  const reports = stepReports(post, now);
  let state = student.initial();
  let { timeline } = opening;
  let [gradients, wanted]: [Leaves | null, boolean] = [null, false];
  let [teacherTold, measuredAt] = [now(), -1];
  const atStart = { step: 0, tensors: await readTree(engine, state) };
  let history: History = [atStart];

  async function measure(): Promise<void> {
    reports.flush();
    if (measuredAt !== state.step) post({ told: "measured", measurement: measurementOf(state.step, await student.measured(state)) });
    measuredAt = state.step;
    if (wanted) post({ told: "layers", step: state.step, rows: parameterRows(await readTree(engine, state.params), gradients) });
    reports.flush();
  }

  async function advanceTeacher(own: StudyingTeacher): Promise<void> {
    const progress = await own.step();
    if (!own.done() && now() - teacherTold < REPORT_MS) return;
    post({ told: "teacher", progress });
    teacherTold = now();
    reports.flush();
  }

  return {
    step: () => state.step,
    timeline: () => timeline,
    ended: () => state.step >= steps,
    advance: async () => {
      const live = liveAt(timeline, state.step);
      const own = live.teacher === "none" ? null : teacher();
      if (own?.done() === false) return advanceTeacher(own);
      const done = await student.step(state, live, own?.predict ?? null, wanted);
      [state, gradients] = [done.state, done.gradients];
      reports.add(done.point);
      if (state.step % measuredEvery !== 0) return;
      history = withCheckpoint(history, { step: state.step, tensors: await readTree(engine, state) });
      await measure();
    },
    measure,
    change: (set) => {
      timeline = changed(timeline, state.step, set);
    },
    restore: (step) => {
      reports.flush();
      timeline = until(timeline, step);
      history = upTo(history, step);
      engine.release(state);
      state = restoredState(engine, student.initial(), nearest(history, step) ?? atStart);
      [gradients, measuredAt] = [null, -1];
    },
    layers: (next) => {
      wanted = next;
    },
    sample: async () => {
      const weights = await readTree(engine, state.params);
      post({ told: "sample", sample: { config: student.config, weights, ...sampleImages(student.test, expected.normalisation, SAMPLED) } });
    },
    look: async (subject) => {
      const { config, test } = student;
      post({ told: "seen", step: state.step, inspection: await look(engine, { config, params: state.params }, subject, expected, test) });
    },
  };
}
