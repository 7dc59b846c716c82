/** What is wrong with a recipe, in one line: a key, a value, values that contradict one another, or values that are missing. */
import type { ZodError } from "zod";
import type { TrainingRecipe } from "../train/run/recipe.ts";
import { dotted, isTable, withTables, type Leaf } from "./leaves.ts";
import { nearest } from "./nearest.ts";
import { readingKeys, recipeKeys, writtenKeys, type RecipeDraft } from "./schema/file.ts";
import type { TeacherDraft } from "./schema/teacher.ts";
import { shownKey, sourcesOf, teacherCount, withoutIndex } from "./teachers.ts";
import type { Table } from "./text.ts";

const shown = (value: unknown): string =>
  value === undefined ? "nothing" : typeof value === "number" ? `${value}` : JSON.stringify(value);

const valueAt = (table: Table, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined), table);

/** What a key would have to go with: the kind of its table, or the source of its teacher. */
function companion(table: Table, path: readonly string[]): string {
  const [first = "", index = "", part] = path;
  const isTeacher = first === "teacher" && (part === undefined || part === "training");
  const teacher = isTeacher ? valueAt(table, [first, index]) : null;
  const count = teacherCount(table);
  if (!isTable(teacher)) return `${shownKey(dotted(path.join("."), "kind"), count)} = ${shown(valueAt(table, [...path, "kind"]))}`;
  const at = shownKey(`${first}.${index}`, count);
  const [source = "model"] = sourcesOf(teacher);
  if (source !== "model") return dotted(at, source);
  return `${dotted(at, "model.kind")} = ${shown(valueAt(teacher, ["model", "kind"]))}`;
}

/** Why a key is wrong: it is misspelt, or belongs to another kind of table. */
function unknownKey(table: Table, path: readonly string[], name: string): string {
  const key = dotted(path.join("."), name);
  const known = withoutIndex(key);
  if (readingKeys.includes(key)) return `${key} belongs in a recipe file, and cannot be set`;
  const written = shownKey(key, teacherCount(table));
  if (!withTables(recipeKeys).includes(known))
    return `${written} is not known; did you mean ${nearest(known, withTables(writtenKeys), 1).join()}?`;
  return `${written} does not go with ${companion(table, path)}`;
}

/** `training.batch must be a positive integer, got 0`. Unknown keys come first, since a missing value may be a misspelt one. */
export function mistake({ issues }: ZodError, table: Table): string {
  for (const issue of issues) if (issue.code === "unrecognized_keys") return unknownKey(table, issue.path.map(String), issue.keys[0] ?? "");
  const path = issues[0]?.path.map(String) ?? [];
  return `${shownKey(path.join("."), teacherCount(table))} ${issues[0]?.message}, got ${shown(valueAt(table, path))}`;
}

/** @throws RangeError if the teachers do not fit the student's part */
function checkDistillation({ model, distillation, teachers }: RecipeDraft): void {
  const learnsFromTeacher = distillation.kind === "hard" || distillation.kind === "soft";
  if (learnsFromTeacher && teachers.length === 0)
    throw new RangeError(
      `distillation.kind is "${distillation.kind}", which needs a [teacher.model] and a [teacher.training], or another [teacher]: run, weights, onnx or recipe`,
    );
  if (model.distilled) return;
  if (learnsFromTeacher && distillation.student === "distillation")
    throw new RangeError('distillation.student is "distillation", which needs model.distilled = true; a plain model goes with "class"');
  if (distillation.kind === "two-class-tokens" || distillation.kind === "class-head")
    throw new RangeError(`distillation.kind is "${distillation.kind}", which needs model.distilled = true`);
}

/** A training of a recipe, under its key. */
type Keyed = readonly [key: string, training: TrainingRecipe];

/** The trainings whose batches are mixed: the student's, and those of its DeiT teachers. */
const mixedTrainings = ({ training, teachers }: RecipeDraft): readonly Keyed[] => [
  ["training", training],
  ...trainingsOf(teachers, (teacher) => teacher.kind === "deit"),
];

/** The trainings of teachers. */
const trainingsOf = (teachers: RecipeDraft["teachers"], wanted: (teacher: TeacherDraft) => boolean): readonly Keyed[] =>
  teachers.flatMap((teacher, i): readonly Keyed[] =>
    "training" in teacher && wanted(teacher) ? [[shownKey(`teacher.${i}.training`, teachers.length), teacher.training]] : [],
  );

/** @throws RangeError unless a batch falls into whole groups, in which every image has a partner (deit.md 7.9) */
function checkMixing(draft: RecipeDraft): void {
  const { mixup, cutmix, probability, group } = draft.mixing;
  if (probability === 0 || (mixup === 0 && cutmix === 0)) return;
  const off = "mixing.mixup = 0 and mixing.cutmix = 0 would switch mixing off";
  for (const [at, { batch }] of mixedTrainings(draft)) {
    for (const [key, value] of Object.entries({ [`${at}.batch`]: batch, "mixing.group": group }))
      if (value % 2 !== 0) throw new RangeError(`${key} must be even, since images are mixed in pairs, got ${value}; ${off}`);
    if (batch > group && batch % group !== 0)
      throw new RangeError(`${at}.batch must be a multiple of mixing.group = ${group}, or at most that, got ${batch}; ${off}`);
  }
}

/** @throws RangeError unless every batch falls into whole micro-batches */
function checkMicroBatches({ training, teachers }: RecipeDraft): void {
  for (const [at, { batch, microBatch }] of [["training", training] as const, ...trainingsOf(teachers, () => true)])
    if (microBatch !== null && batch % microBatch !== 0)
      throw new RangeError(`${at}.micro_batch must divide ${at}.batch = ${batch}, got ${microBatch}`);
}

/** @throws RangeError for a way to resize positions that are not resized */
function checkPositions({ init, model }: RecipeDraft): void {
  if (model.position === "fixed" && init !== null && init.positions !== "bicubic")
    throw new RangeError(
      `init.positions is "${init.positions}", but model.position is "fixed", and such positions are computed instead of resized; leave init.positions out`,
    );
}

/** @throws RangeError if the heads alone are to learn, on top of random values */
function checkTrained({ init, training }: RecipeDraft): void {
  if (training.trained === "heads" && init === null)
    throw new RangeError(
      'training.trained is "heads", which needs weights to start from: --set init.from=WEIGHTS (a run\'s folder or a file); without them it must be "all"',
    );
}

/** @throws RangeError if the parts of a recipe contradict one another */
export function checkTogether(draft: RecipeDraft): void {
  checkDistillation(draft);
  checkMicroBatches(draft);
  checkMixing(draft);
  checkPositions(draft);
  checkTrained(draft);
}

/** `data.train is not set: --set data.train=DATA`; null: nothing is missing. */
export function missingText(leaves: readonly Leaf[], { data }: RecipeDraft): string | null {
  const test =
    data.train !== null && data.test === null
      ? [{ key: "data.test", missing: "--set data.test=DATA, since the split test is already trained on" }]
      : [];
  const missing = [...leaves.filter((leaf) => leaf.missing !== null), ...test];
  if (missing.length === 0) return null;
  const keys = missing.map(({ key }) => key).join(" and ");
  return `${keys} must be set: ${missing.map((one) => one.missing).join("; ")}`;
}
