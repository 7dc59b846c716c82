/** The table `[teacher]`, or each of several `[[teacher]]`: where a teacher comes from, and which images it takes. */
import { z } from "zod";
import { deitNames, type DeitConfig } from "../../model/config.ts";
import { regnetNames } from "../../teacher/config.ts";
import type { DataRecipe, RecipeTeacher, TeacherImages, TeacherRecipe } from "../../train/run/recipe.ts";
import { computed, count, given, listOf, number, oneOf, positive, tableOf, text } from "../fields.ts";
import { sourcesOf, SOURCES_TEXT } from "../teachers.ts";
import type { Table } from "../text.ts";
import { deitTeacherOf, deitTeacherTable, named, regnetOf, regnetTable } from "./model.ts";
import { completedDeitTraining, deitTrainingOf, deitTrainingTable, teacherTable, teacherTrainingOf } from "./training.ts";

const IMAGES = "this project: as the teacher's file says, else the student's";

const images = {
  image_size: computed(count, IMAGES, "side of the teacher's images, in pixels, to which the student's are resized"),
  mean: computed(listOf(number("numbers")), IMAGES, "mean of the teacher's pixels scaled to [0, 1], one value a channel"),
  std: computed(listOf(positive), IMAGES, "standard deviation of the teacher's pixels, likewise"),
};

const head = given(
  oneOf("class", "distillation", "mean", "softmax-sum"),
  "mean",
  "deit.md 2.6",
  "what of a DeiT with two heads teaches: one head, the mean of their logits, or the sum of their softmax",
);

const trained = {
  regnety: { model: regnetTable, training: teacherTable },
  deit: { model: deitTeacherTable, training: deitTrainingTable, head },
};

const sourced = {
  run: { run: text.meta({ description: "a finished run, whose student teaches; its folder teacher/ for the run's teacher" }), head },
  weights: {
    weights: text.meta({ description: "a file of weights of a DeiT or RegNetY in timm's names (.safetensors, .npz, .pth)" }),
    head,
  },
  onnx: { onnx: text.meta({ description: "a classifier in an .onnx file: images [B, C, S, S] → logits [B, K], for any B" }) },
  recipe: {
    recipe: text.meta({
      description:
        "a recipe, bundled or a file, whose student is trained first; its images are those of this recipe unless it names others",
    }),
    set: given(
      z.array(text, { error: "must be a list of texts" }),
      [],
      "this project",
      'changes to that recipe, as --set has them: ["training.epochs=10"]',
    ),
    head,
  },
};

const tables = {
  regnety: tableOf({ ...trained.regnety, ...images }),
  deit: tableOf({ ...trained.deit, ...images }),
  run: tableOf({ ...sourced.run, ...images }),
  weights: tableOf({ ...sourced.weights, ...images }),
  onnx: tableOf({ ...sourced.onnx, ...images }),
  recipe: tableOf({ ...sourced.recipe, ...images }),
};

/** One of these tables, or a list of them. Files refer to it by its name, as the JSON Schema would have it twice otherwise. */
function either(options: readonly [z.ZodObject, z.ZodObject, ...z.ZodObject[]], name: string): z.ZodType {
  const one = z.union(options).meta({ id: name });
  return z.union([one, z.array(one)]);
}

const { run, weights, onnx, recipe } = tables;

/** A teacher of any source, or a list of them. */
export const anyTeacher: z.ZodType = either([tables.regnety, tables.deit, run, weights, onnx, recipe], "anyTeacher");

/** The same in a file, where a published model may be named. */
export const writtenTeacher: z.ZodType = either(
  [
    tables.regnety.extend({ model: named(regnetTable, regnetNames) }),
    tables.deit.extend({ model: named(deitTeacherTable, deitNames) }),
    run,
    weights,
    onnx,
    recipe,
  ],
  "teacher",
);

const isDeit = ({ model }: Table): boolean => typeof model === "object" && model !== null && "kind" in model && model.kind === "deit";

/**
 * The schema of a teacher, by the keys that say where it comes from.
 *
 * @param key of the teacher, for messages: `teacher`, `teacher.1`
 * @throws RangeError unless there is exactly one source
 */
export function teacherSchema(table: Table, key: string): z.ZodObject {
  const [source, ...more] = sourcesOf(table);
  if (source === undefined) throw new RangeError(`${key} does not say where the teacher comes from: ${SOURCES_TEXT}`);
  if (more.length > 0) throw new RangeError(`${key} has ${[source, ...more].join(" and ")}, but a teacher has one source: ${SOURCES_TEXT}`);
  if (source === "model") return isDeit(table) ? tables.deit : tables.regnety;
  return { run, weights, onnx, recipe }[source] ?? tables.regnety;
}

/** The student's sizes and images, which a teacher's follow unless its table says otherwise. */
export interface TeachersStudent {
  readonly model: DeitConfig;
  readonly data: Pick<DataRecipe, "mean" | "std">;
}

/** A teacher whose recipe has not been read yet. */
export type TeacherDraft =
  | Exclude<TeacherRecipe, RecipeTeacher>
  | (Omit<RecipeTeacher, "recipe" | "text"> & {
      /** Changes to that recipe: `training.epochs=10`. */
      readonly set: readonly string[];
    });

/** Adds the learning rate that follows from the batch of a DeiT. */
export const completedTeacher = (table: Table): Table =>
  isDeit(table) ? { ...table, training: completedDeitTraining(table["training"]) } : table;

const imagesOf = ({
  image_size: imageSize,
  mean,
  std,
}: {
  readonly image_size?: number | undefined;
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
}): TeacherImages => ({ imageSize: imageSize ?? null, mean: mean ?? null, std: std ?? null });

/** What a completed table says. @throws RangeError for sizes that no model can have */
export function teacherOf(table: Table, student: TeachersStudent): TeacherDraft {
  const { channels, classes } = student.model;
  if (table["model"] !== undefined) {
    const { mean, std } = student.data;
    const own = imagesOf((isDeit(table) ? tables.deit : tables.regnety).parse(table));
    const all = { imageSize: own.imageSize ?? student.model.imageSize, mean: own.mean ?? mean, std: own.std ?? std };
    if (!isDeit(table)) {
      const parsed = tables.regnety.parse(table);
      return { kind: "regnety", ...all, model: regnetOf(parsed.model, student.model), training: teacherTrainingOf(parsed.training) };
    }
    const parsed = tables.deit.parse(table);
    const model = deitTeacherOf(parsed.model, { imageSize: all.imageSize, channels, classes });
    return { kind: "deit", ...all, model, training: deitTrainingOf(parsed.training), head: parsed.head };
  }
  if (table["onnx"] !== undefined) {
    const parsed = onnx.parse(table);
    return { kind: "onnx", path: parsed.onnx, ...imagesOf(parsed) };
  }
  if (table["recipe"] !== undefined) {
    const parsed = recipe.parse(table);
    return { kind: "recipe", name: parsed.recipe, set: parsed.set, head: parsed.head, ...imagesOf(parsed) };
  }
  if (table["run"] !== undefined) {
    const parsed = run.parse(table);
    return { kind: "run", path: parsed.run, head: parsed.head, ...imagesOf(parsed) };
  }
  const parsed = weights.parse(table);
  return { kind: "weights", path: parsed.weights, head: parsed.head, ...imagesOf(parsed) };
}
