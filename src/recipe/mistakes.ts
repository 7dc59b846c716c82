/** What is wrong with a recipe, in one line: a key, a value, values that contradict one another, or values that are missing. */
import type { ZodError } from "zod";
import { dotted, withTables, type Leaf } from "./leaves.ts";
import { nearest } from "./nearest.ts";
import { readingKeys, recipeKeys, writtenKeys, type RecipeDraft } from "./schema/file.ts";
import type { Table } from "./text.ts";

const shown = (value: unknown): string =>
  value === undefined ? "nothing" : typeof value === "number" ? `${value}` : JSON.stringify(value);

const valueAt = (table: Table, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined), table);

/** Why a key is wrong: it is misspelt, or belongs to another kind of table. */
function unknownKey(table: Table, path: readonly string[], name: string): string {
  const key = dotted(path.join("."), name);
  if (readingKeys.includes(key)) return `${key} belongs in a recipe file, and cannot be set`;
  if (!recipeKeys.includes(key)) return `${key} is not known; did you mean ${nearest(key, withTables(writtenKeys), 1).join()}?`;
  return `${key} does not go with ${dotted(path.join("."), "kind")} = ${shown(valueAt(table, [...path, "kind"]))}`;
}

/** `training.batch must be a positive integer, got 0`. Unknown keys come first, since a missing value may be a misspelt one. */
export function mistake({ issues }: ZodError, table: Table): string {
  for (const issue of issues) if (issue.code === "unrecognized_keys") return unknownKey(table, issue.path.map(String), issue.keys[0] ?? "");
  const path = issues[0]?.path.map(String) ?? [];
  return `${path.join(".")} ${issues[0]?.message}, got ${shown(valueAt(table, path))}`;
}

/** @throws RangeError if the teacher's part does not fit the student's */
function checkDistillation({ model, distillation, teacher }: RecipeDraft): void {
  const learnsFromTeacher = distillation.kind === "hard" || distillation.kind === "soft";
  if (learnsFromTeacher && teacher === null)
    throw new RangeError(`distillation.kind is "${distillation.kind}", which needs a [teacher.model] and a [teacher.training]`);
  if (model.distilled) return;
  if (learnsFromTeacher && distillation.student === "distillation")
    throw new RangeError('distillation.student is "distillation", which needs model.distilled = true; a plain model goes with "class"');
  if (distillation.kind === "two-class-tokens" || distillation.kind === "class-head")
    throw new RangeError(`distillation.kind is "${distillation.kind}", which needs model.distilled = true`);
}

/** @throws RangeError unless the batch falls into whole groups, in which every image has a partner (deit.md 7.9) */
function checkMixing({ mixing: { mixup, cutmix, probability, group }, training: { batch } }: RecipeDraft): void {
  if (probability === 0 || (mixup === 0 && cutmix === 0)) return;
  const off = "mixing.mixup = 0 and mixing.cutmix = 0 would switch mixing off";
  for (const [key, value] of Object.entries({ "training.batch": batch, "mixing.group": group }))
    if (value % 2 !== 0) throw new RangeError(`${key} must be even, since images are mixed in pairs, got ${value}; ${off}`);
  if (batch > group && batch % group !== 0)
    throw new RangeError(`training.batch must be a multiple of mixing.group = ${group}, or at most that, got ${batch}; ${off}`);
}

/** @throws RangeError if the parts of a recipe contradict one another */
export function checkTogether(draft: RecipeDraft): void {
  checkDistillation(draft);
  checkMixing(draft);
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
