/** The schema of recipe files as a whole, and the recipe that a file describes. */
import { z } from "zod";
import { deitNames } from "../../model/config.ts";
import type { Recipe } from "../../train/run/recipe.ts";
import { given, natural, text } from "../fields.ts";
import { isTable, keysOf, leavesOf, type Leaf } from "../leaves.ts";
import { indexed, shownKey } from "../teachers.ts";
import type { Table } from "../text.ts";
import { completedData, dataOf, dataTable, type DataDraft } from "./data.ts";
import { distillationOf, distillationTable } from "./distillation.ts";
import { completedInit, initOf, initTable, type InitDraft } from "./init.ts";
import { mixingOf, mixingTable } from "./mixing.ts";
import { modelOf, modelTable, named } from "./model.ts";
import { anyTeacher, completedTeacher, teacherOf, teacherSchema, writtenTeacher, type TeacherDraft } from "./teacher.ts";
import { completedTraining, studentTable, studentTrainingOf } from "./training.ts";

const parts = {
  name: text.meta({ description: "the name that folders and reports show; default: the file's name" }),
  seed: given(natural, 0, "this project", "seeds initial values, order of images and augmentation"),
  data: dataTable,
  mixing: mixingTable,
  model: modelTable,
  init: initTable.optional(),
  training: studentTable,
  distillation: distillationTable,
};

/** All keys, whatever the source of the teachers. */
const file = z.strictObject({ ...parts, teacher: anyTeacher.optional() });

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

/** A file as it is written, with the keys that reading resolves. */
export const writtenFile: z.ZodObject = z.strictObject({
  ...reading,
  ...file.shape,
  model: named(modelTable, deitNames),
  teacher: writtenTeacher.optional(),
});

/** Every dotted key that a complete recipe may have: `training.batch`, … */
export const recipeKeys: readonly string[] = keysOf(file);

/** Every dotted key that a file may have. */
export const writtenKeys: readonly string[] = keysOf(writtenFile);

/** A recipe in which what must be set may still be missing, and whose teachers' recipes have not been read. */
export interface RecipeDraft extends Omit<Recipe, "data" | "init" | "teachers"> {
  /** The images, and how they are augmented. */
  readonly data: DataDraft;
  /** The weights to start from; null: random values. */
  readonly init: InitDraft | null;
  /** The teachers. */
  readonly teachers: readonly TeacherDraft[];
}

/** A recipe file that fits the schema. */
export interface CheckedRecipe {
  /** What it describes. */
  readonly draft: RecipeDraft;
  /** The file's tables with all defaults filled in; its teachers are `teacher.0`, `teacher.1`, … */
  readonly table: Table;
  /** The same values, one by one, and the missing ones. */
  readonly leaves: readonly Leaf[];
}

/** The schema of a file with these teachers, by index. @throws RangeError for a teacher without a source, or with two */
function schemaFor(teachers: readonly Table[]): typeof file {
  const each = teachers.map((teacher, i) => [i, teacherSchema(teacher, shownKey(`teacher.${i}`, teachers.length))] as const);
  return z.strictObject({ ...parts, teacher: z.strictObject(Object.fromEntries(each)).optional() });
}

const tablesIn = (teachers: unknown): readonly Table[] => (isTable(teachers) ? Object.values(teachers).filter(isTable) : []);

/**
 * Checks the tables of a recipe file, whose teachers are given by index, and fills in the defaults. Teachers that the student does not learn from are
 * left out.
 *
 * @throws ZodError for an unknown key or a wrong value; RangeError for sizes that no model can have, for an `init` that needs weights and has none, and for a
 * teacher without a source or with two
 */
export function checkedRecipe(tree: Table): CheckedRecipe {
  const schema = schemaFor(tablesIn(tree["teacher"]));
  const { name, seed, ...tables } = schema.parse(tree);
  const model = modelOf(tables.model);
  const distillation = distillationOf(tables.distillation);
  const learnsFromTeacher = distillation.kind === "hard" || distillation.kind === "soft";
  const init = tables.init === undefined ? null : completedInit(tables.init);
  const training = completedTraining(tables.training);
  const completeData = completedData(tables.data, model.imageSize);
  const data = dataOf(completeData);
  const student = { model, data };
  const taught = learnsFromTeacher ? tablesIn(tables.teacher).map(completedTeacher) : [];
  const table: Table = {
    name,
    seed,
    data: completeData,
    mixing: tables.mixing,
    model: tables.model,
    ...(init === null ? {} : { init }),
    training,
    distillation: tables.distillation,
    ...(taught.length === 0 ? {} : { teacher: indexed(taught) }),
  };
  const draft: RecipeDraft = {
    name,
    seed,
    data,
    mixing: mixingOf(tables.mixing),
    model,
    init: init === null ? null : initOf(init),
    training: studentTrainingOf(training),
    distillation,
    teachers: taught.map((teacher) => teacherOf(teacher, student)),
  };
  return { draft, table, leaves: leavesOf(schema, table) };
}
