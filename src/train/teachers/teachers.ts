/**
 * The teachers of a recipe: checked and opened before a run writes anything, then made one after the other. Each is trained in a folder of its own:
 * `teacher`, or `teacher-0`, `teacher-1`, … where there are several.
 */
import { join } from "node:path";
import type { Kernels } from "../../kernels/kernels.ts";
import type { TeacherRecipe } from "../run/recipe.ts";
import type { Memory } from "../step/deitTask.ts";
import { seenBy, type View } from "./images.ts";
import { accuracyOf } from "./measure.ts";
import type { MakeOptions, PreparedTeacher } from "./prepared.ts";
import { preparedOnnx, preparedStored } from "./preparedFile.ts";
import { preparedHere, preparedRecipe } from "./preparedTraining.ts";
import { studentView, type Preparing } from "./preparing.ts";
import { combined, type Predict, type Teacher } from "./teacher.ts";

/** `teacher`, or `teacher-1` for the second of several: the folder of a teacher. */
export const teacherFolder = (directory: string, index: number, count: number): string =>
  join(directory, count > 1 ? `teacher-${index}` : "teacher");

/** `teacher`, or `teacher.1` for the second of several: the key of a teacher, and the name of its stage. */
export const teacherStage = (index: number, count: number): `teacher${string}` => (count > 1 ? `teacher.${index}` : "teacher");

function prepared(teacher: TeacherRecipe, index: number, preparing: Preparing): PreparedTeacher | Promise<PreparedTeacher> {
  if (teacher.kind === "onnx") return preparedOnnx(teacher, preparing);
  if (teacher.kind === "recipe") return preparedRecipe(teacher, preparing);
  if ("path" in teacher) return preparedStored(teacher, preparing);
  return preparedHere(teacher, index, preparing);
}

/** Closes what they would have read. */
export async function closeTeachers(teachers: readonly PreparedTeacher[]): Promise<void> {
  for (const { close } of teachers) await close();
}

/** @throws RangeError, one line that begins with the teacher's key, for one that is missing, damaged or does not fit the student */
export async function preparedTeachers(preparing: Preparing): Promise<readonly PreparedTeacher[]> {
  const { teachers } = preparing.recipe;
  const done: PreparedTeacher[] = [];
  try {
    for (const [index, teacher] of teachers.entries()) done.push(await prepared(teacher, index, preparing));
    return done;
  } catch (error) {
    await closeTeachers(done);
    const key = teacherStage(done.length, teachers.length);
    throw new RangeError(`${key}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** The logits of the student's images, from those of images as the teacher takes them. */
const ofStudents =
  <T extends ReturnType<Teacher["logits"]>>(logits: (k: Kernels, images: Parameters<Predict>[1]) => T, student: View, view: View) =>
  (k: Kernels, images: Parameters<Predict>[1]): T => {
    const seen = seenBy(k, images, student, view);
    const z = logits(k, seen);
    if (seen !== images) k.donate(seen);
    return z;
  };

/** All teachers on shapes alone, on at most n images, their trainings included; their tensors stay. Returns z_t; null: there are none. */
export function teachersOnShapes(
  k: Kernels,
  teachers: readonly PreparedTeacher[],
  preparing: Preparing,
  n: number,
  memory: Memory,
): Predict | null {
  const student = studentView(preparing);
  const predicts = teachers.map(({ onShapes, view, batch }) => ofStudents(onShapes(k, Math.min(n, batch), memory), student, view));
  return predicts.length === 0
    ? null
    : (of, images) =>
        combined(
          of,
          predicts.map((predict) => predict(of, images)),
        );
}

/** Makes the teachers in a run's folder, and measures each on the test images as the student sees them. null: the training of one was stopped. */
export async function madeTeachers(
  teachers: readonly PreparedTeacher[],
  preparing: Preparing,
  optionsOf: (index: number) => MakeOptions,
): Promise<readonly Teacher[] | null> {
  const { engine, sets, recipe } = preparing;
  const student = studentView(preparing);
  const made: Teacher[] = [];
  for (const [index, { name, view, measured, make }] of teachers.entries()) {
    const teacher = await make(optionsOf(index));
    if (teacher === null) {
      for (const { release } of made) await release();
      return null;
    }
    const logits = ofStudents(teacher.logits, student, view);
    const accuracy = await accuracyOf(engine, { logits }, recipe.model.classes, sets.test.batches(measured));
    made.push({ name, logits, accuracy, release: teacher.release });
  }
  return made;
}
