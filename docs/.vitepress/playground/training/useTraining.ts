/** The page's side of a training: starts the worker, sends commands, and keeps what it reports. */
import type { Inspection } from "#deit/inspect/inspection.js";
import { onUnmounted, shallowReactive, type ShallowReactive } from "vue";
import type { Subject } from "../looking/look.ts";
import type { DigitsRecipe } from "../recipe.ts";
import type { Sample } from "../verifying/sample.ts";
import type { Command, Measurement, Report } from "./messages.ts";
import { stateOf, type Live, type Timeline } from "./settings.ts";
import type { ParameterRow } from "./statistics.ts";
import type { StepPoint } from "./student.ts";
import type { TeacherProgress } from "./teacher.ts";

/** What the page knows of its training. */
export interface TrainingView {
  /** The worker's answer to `open`; null: it has not come yet. */
  opened: (Report & { readonly told: "opened" }) | null;
  timeline: Timeline;
  step: number;
  running: boolean;
  ended: boolean;
  perSecond: number;
  points: readonly StepPoint[];
  measurements: readonly Measurement[];
  teacher: TeacherProgress | null;
  layers: readonly ParameterRow[];
  seen: Inspection | null;
  failure: string;
}

/** A training that the page controls. */
export interface UsedTraining {
  readonly view: ShallowReactive<TrainingView>;
  /** Starts anew with a timeline, and goes to a step of it. */
  readonly open: (timeline: Timeline, step: number) => void;
  readonly order: (command: Exclude<Command, { readonly do: "open" }>) => void;
  readonly look: (subject: Subject) => void;
  /** The student as it is now. */
  readonly sample: () => Promise<Sample>;
}

/** Threads of the engine, at most. */
const MOST_THREADS = 4;
/** Without shared memory there is one. */
const threadsHere = (): number => (crossOriginIsolated ? Math.max(1, Math.min(MOST_THREADS, navigator.hardwareConcurrency)) : 1);

/** The settings of the recipe. */
export function defaultTimeline({ recipe, losses }: DigitsRecipe): Timeline {
  const { hard, soft } = losses;
  const first: Live = {
    teacher: "hard",
    lambda: hard.kind === "hard" ? hard.alpha : 0,
    tau: soft.kind === "soft" ? soft.tau : 1,
    dropPath: recipe.training.dropPath,
    lr: recipe.training.schedule.base,
  };
  return { start: { seed: recipe.seed, engine: "wasm", grid: 2, epochs: 16, teacherEpochs: 8 }, first, changes: [] };
}

/** The state that the page's address names, else the recipe's. */
export const addressedState = (recipe: DigitsRecipe): ReturnType<typeof stateOf> => stateOf(location.search, defaultTimeline(recipe));

const empty = (timeline: Timeline): TrainingView => ({
  opened: null,
  timeline,
  step: 0,
  running: false,
  ended: false,
  perSecond: 0,
  points: [],
  measurements: [],
  teacher: null,
  layers: [],
  seen: null,
  failure: "",
});

/** Adds a report to what is known. */
function note(view: TrainingView, report: Report): void {
  if (report.told === "opened") view.opened = report;
  if (report.told === "teacher") view.teacher = report.progress;
  if (report.told === "steps") {
    view.points = [...view.points, ...report.points];
    view.step = report.points.at(-1)?.step ?? view.step;
    view.perSecond = report.perSecond;
  }
  if (report.told === "measured") {
    const { measurement } = report;
    view.measurements = [...view.measurements.filter(({ step }) => step < measurement.step), measurement];
  }
  if (report.told === "layers") view.layers = report.rows;
  if (report.told === "seen") view.seen = report.inspection;
  if (report.told === "failed") [view.failure, view.running] = [report.message, false];
  if (report.told === "state") {
    const { step, running, ended, timeline } = report;
    Object.assign(view, { step, running, ended, timeline });
    view.points = view.points.filter((point) => point.step <= step);
    view.measurements = view.measurements.filter((measurement) => measurement.step <= step);
  }
}

/** A training in a worker, which ends with the component. */
export function useTraining(recipe: DigitsRecipe, digits: () => Promise<Uint8Array>): UsedTraining {
  const view = shallowReactive<TrainingView>(empty(defaultTimeline(recipe)));
  let worker: Worker | null = null;
  let waiting: Command[] = [];
  /** Whether an image is being looked at; the newest of those that came meanwhile is next. */
  let [looking, next]: [boolean, Subject | null] = [false, null];

  const send = (command: Command): void => {
    if (worker === null) waiting.push(command);
    else worker.postMessage(command, []);
  };
  const look = (subject: Subject): void => {
    if (looking) {
      next = subject;
      return;
    }
    [looking, next] = [true, null];
    send({ do: "look", subject });
  };
  let sampled: (sample: Sample) => void = () => undefined;
  const hear = (report: Report): void => {
    note(view, report);
    if (report.told === "sample") sampled(report.sample);
    if (report.told !== "seen" && report.told !== "failed") return;
    looking = false;
    if (next !== null) look(next);
  };
  const end = (): void => {
    worker?.terminate();
    worker = null;
  };

  async function start(timeline: Timeline, step: number): Promise<void> {
    const file = await digits();
    const own = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    own.addEventListener("message", ({ data }: MessageEvent<Report>) => worker === own && hear(data));
    own.addEventListener("error", ({ message }) => worker === own && hear({ told: "failed", message }));
    worker = own;
    send({ do: "open", timeline, recipe, digits: file, threads: threadsHere() });
    if (step > 0) send({ do: "goTo", step });
    for (const command of waiting) send(command);
    waiting = [];
  }

  onUnmounted(end);
  return {
    view,
    look,
    order: send,
    sample: () =>
      new Promise((resolve) => {
        sampled = resolve;
        send({ do: "sample" });
      }),
    open: (timeline, step) => {
      end();
      waiting = [];
      [looking, next] = [false, null];
      Object.assign(view, empty(timeline));
      start(timeline, step).catch((error: unknown) => hear({ told: "failed", message: String(error) }));
    },
  };
}
