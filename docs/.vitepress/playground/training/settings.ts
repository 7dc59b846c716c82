/** What the reader sets, with its text in the page's address: settings that a training starts with, and changes to it while it runs. */

/** What is fixed when a training starts. */
export interface Start {
  /** Seeds initial values, order of images and augmentation. */
  readonly seed: number;
  readonly engine: "wasm" | "webgpu";
  /** Patches along a side of the image. */
  readonly grid: number;
  /** Length of the student's schedule, in epochs. */
  readonly epochs: number;
  /** Epochs for which the teacher is trained before the student. */
  readonly teacherEpochs: number;
}

/** What may change while it runs. */
export interface Live {
  /** Whether there is a teacher, and what the student learns from it. */
  readonly teacher: "none" | "hard" | "soft";
  /** The teacher's share of the loss: α of (E26), λ of (E25). */
  readonly lambda: number;
  /** τ of (E25). */
  readonly tau: number;
  /** r_max of (E30). */
  readonly dropPath: number;
  /** η of (E32). */
  readonly lr: number;
}

/** A change at a step. */
export interface Change {
  /** Steps done before it. */
  readonly step: number;
  readonly set: Partial<Live>;
}

/** Everything that determines a training's state at any step: equal timelines give equal weights. */
export interface Timeline {
  readonly start: Start;
  readonly first: Live;
  /** In the order of their steps. */
  readonly changes: readonly Change[];
}

/** The settings of the step that follows `step` steps. */
export const liveAt = ({ first, changes }: Timeline, step: number): Live =>
  changes.reduce((live, change) => (change.step <= step ? { ...live, ...change.set } : live), first);

/** The timeline with a change after `step` steps. Changes of the same step are one; those after it are dropped, since they have not happened yet. */
export function changed(timeline: Timeline, step: number, set: Partial<Live>): Timeline {
  if (step === 0) return { ...timeline, first: { ...timeline.first, ...set }, changes: [] };
  const before = timeline.changes.filter((change) => change.step < step);
  const here = timeline.changes.filter((change) => change.step === step).map((change) => change.set);
  return { ...timeline, changes: [...before, { step, set: Object.assign({}, ...here, set) }] };
}

/** The timeline up to a step, for a return to it. */
export const until = (timeline: Timeline, step: number): Timeline => ({
  ...timeline,
  changes: timeline.changes.filter((change) => change.step <= step),
});

/** The values that a setting may take: one of several names, or a number of a range. */
export type Range = readonly string[] | { readonly least: number; readonly most: number; readonly whole?: true };

/** The ranges of all settings, which the controls and the address share. */
export const ranges = {
  seed: { least: 0, most: 2 ** 31 - 1, whole: true },
  engine: ["wasm", "webgpu"],
  grid: { least: 2, most: 4, whole: true },
  epochs: { least: 1, most: 200, whole: true },
  teacherEpochs: { least: 1, most: 40, whole: true },
  teacher: ["none", "hard", "soft"],
  lambda: { least: 0, most: 1 },
  tau: { least: 0.1, most: 20 },
  dropPath: { least: 0, most: 0.9 },
  lr: { least: 1e-6, most: 0.1 },
} as const satisfies { readonly [K in keyof Start | keyof Live]: Range };

/** Names of settings. */
export type SettingName = keyof typeof ranges;
const liveNames = ["teacher", "lambda", "tau", "dropPath", "lr"] as const satisfies readonly (keyof Live)[];
const isLive = (name: string): name is keyof Live => liveNames.some((other) => other === name);
const isStart = (name: string): name is keyof Start => Object.hasOwn(ranges, name) && !isLive(name);

/** A setting's value from its text; null: it is not in its range. */
export function valueOf(name: SettingName, text: string): string | number | null {
  const range: Range = ranges[name];
  if (!("least" in range)) return range.includes(text) ? text : null;
  const number = Number(text);
  const fits = text.trim() !== "" && number >= range.least && number <= range.most && (range.whole !== true || Number.isInteger(number));
  return fits ? number : null;
}

const changeText = ({ step, set }: Change): readonly string[] => Object.entries(set).map(([name, value]) => `${step}.${name}.${value}`);

/** The query of the page's address for a state: `seed=0&engine=wasm&…&step=88`. */
export function queryOf({ start, first, changes }: Timeline, step: number): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...start, ...first })) query.set(name, `${value}`);
  if (changes.length > 0) query.set("changes", changes.flatMap(changeText).join("~"));
  if (step > 0) query.set("step", `${step}`);
  return query.toString();
}

/** A state as an address names it. What an address does not say, or says wrongly, is as in `defaults`. */
export function stateOf(text: string, defaults: Timeline): { readonly timeline: Timeline; readonly step: number } {
  const query = new URLSearchParams(text);
  const given = (name: SettingName): Record<string, string | number> => {
    const value = valueOf(name, query.get(name) ?? "");
    return value === null ? {} : { [name]: value };
  };
  const names = Object.keys(ranges);
  const start: Start = Object.assign({ ...defaults.start }, ...names.filter(isStart).map(given));
  const first: Live = Object.assign({ ...defaults.first }, ...names.filter(isLive).map(given));
  const changes = (query.get("changes") ?? "").split("~").flatMap((one): readonly Change[] => {
    const [, step, name = "", value = ""] = /^(\d{1,7})\.([a-zA-Z]+)\.(.+)$/.exec(one) ?? [];
    const set = isLive(name) ? valueOf(name, value) : null;
    return step === undefined || set === null ? [] : [{ step: Number(step), set: { [name]: set } }];
  });
  const timeline = changes
    .toSorted((a, b) => a.step - b.step)
    .reduce<Timeline>((all, { step, set }) => changed(all, step, set), { start, first, changes: [] });
  const step = Number(query.get("step") ?? 0);
  return { timeline, step: Number.isInteger(step) && step > 0 && step < 1e7 ? step : 0 };
}
