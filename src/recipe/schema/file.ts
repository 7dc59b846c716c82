/** The schema of recipe files as a whole, and the recipe that a file describes. */
import { z } from "zod";
import { deitNames } from "../../model/config.ts";
import { regnetNames } from "../../teacher/config.ts";
import type { Recipe } from "../../train/run/recipe.ts";
import { given, natural, tableOf, text } from "../fields.ts";
import { keysOf, leavesOf, type Leaf } from "../leaves.ts";
import type { Table } from "../text.ts";
import { completedData, dataOf, dataTable, type DataDraft } from "./data.ts";
import { distillationOf, distillationTable } from "./distillation.ts";
import { completedInit, initOf, initTable, type InitDraft } from "./init.ts";
import { mixingOf, mixingTable } from "./mixing.ts";
import { modelOf, modelTable, regnetOf, regnetTable } from "./model.ts";
import { completedTraining, studentTable, studentTrainingOf, teacherTable, teacherTrainingOf } from "./training.ts";

const teacher = tableOf({ model: regnetTable, training: teacherTable });

const file = z.strictObject({
  name: text.meta({ description: "the name that folders and reports show; default: the file's name" }),
  seed: given(natural, 0, "this project", "seeds initial values, order of images and augmentation"),
  data: dataTable,
  mixing: mixingTable,
  model: modelTable,
  init: initTable.optional(),
  training: studentTable,
  distillation: distillationTable,
  teacher: teacher.optional(),
});

/** What a file may hold besides values: these keys are resolved when it is read. */
const reading = {
  extends: text.meta({ description: "a bundled recipe, or the path of a file: this one says only what differs from it" }),
  source: text.meta({ description: "where the values of this file come from" }),
  sources: z
    .record(text, text)
    .meta({ description: 'where single values come from: "training.lr" = "…", or of a whole table: "training" = "…"' }),
};

/** The keys that reading resolves. */
export const readingKeys: readonly string[] = Object.keys(reading);

const named = (table: z.ZodObject, names: readonly string[]): z.ZodObject =>
  table.extend({ name: text.meta({ description: `a published model, whose sizes are the defaults: ${names.join(", ")}` }) });

/** A file as it is written, with the keys that reading resolves. */
export const writtenFile: z.ZodObject = z.strictObject({
  ...reading,
  ...file.shape,
  model: named(modelTable, deitNames),
  teacher: teacher.extend({ model: named(regnetTable, regnetNames) }),
});

/** Every dotted key that a complete recipe may have: `training.batch`, … */
export const recipeKeys: readonly string[] = keysOf(file);

/** Every dotted key that a file may have. */
export const writtenKeys: readonly string[] = keysOf(writtenFile);

/** A recipe in which what must be set may still be missing. */
export interface RecipeDraft extends Omit<Recipe, "data" | "init"> {
  /** The images, and how they are augmented. */
  readonly data: DataDraft;
  /** The weights to start from; null: random values. */
  readonly init: InitDraft | null;
}

/** A recipe file that fits the schema. */
export interface CheckedRecipe {
  /** What it describes. */
  readonly draft: RecipeDraft;
  /** The file's tables with all defaults filled in. */
  readonly table: Table;
  /** The same values, one by one, and the missing ones. */
  readonly leaves: readonly Leaf[];
}

/**
 * Checks the tables of a recipe file and fills in the defaults. A teacher that the student does not learn from is left out.
 *
 * @throws ZodError for an unknown key or a wrong value; RangeError for sizes that no model can have, and for heads to keep without weights
 */
export function checkedRecipe(tree: unknown): CheckedRecipe {
  const { name, seed, ...tables } = file.parse(tree);
  const model = modelOf(tables.model);
  const distillation = distillationOf(tables.distillation);
  const learnsFromTeacher = distillation.kind === "hard" || distillation.kind === "soft";
  const taught = learnsFromTeacher && tables.teacher !== undefined ? tables.teacher : null;
  const init = tables.init === undefined ? null : completedInit(tables.init);
  const training = completedTraining(tables.training);
  const table: Table = {
    name,
    seed,
    data: completedData(tables.data, model.imageSize),
    mixing: tables.mixing,
    model: tables.model,
    ...(init === null ? {} : { init }),
    training,
    distillation: tables.distillation,
    ...(taught === null ? {} : { teacher: taught }),
  };
  const draft: RecipeDraft = {
    name,
    seed,
    data: dataOf(table["data"]),
    mixing: mixingOf(tables.mixing),
    model,
    init: init === null ? null : initOf(init),
    training: studentTrainingOf(training),
    distillation,
    teacher: taught === null ? null : { model: regnetOf(taught.model, model), training: teacherTrainingOf(taught.training) },
  };
  return { draft, table, leaves: leavesOf(file, table) };
}
