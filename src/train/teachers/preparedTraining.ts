/** Teachers that are trained first: a network of this run, or the student of another recipe. */
import { join } from "node:path";
import type { DeitTeacher, Recipe, RecipeTeacher, RegnetyTeacher } from "../run/recipe.ts";
import { deitTraining } from "./deit.ts";
import { deitNetwork, onShapes, uploaded } from "./network.ts";
import type { PreparedTeacher } from "./prepared.ts";
import { studentView, viewOf, type Preparing } from "./preparing.ts";
import { regnetyTraining } from "./regnety.ts";
import { networkAt } from "./stored.ts";
import { within } from "./teacher.ts";
import { identityOfTrained, identityOfTraining, preparedTraining, teacherKey } from "./trained.ts";

/** @throws RangeError for the distillation head of a DeiT without one */
function checkHead({ head, distilled }: { readonly head: string; readonly distilled: boolean }): void {
  if (head === "distillation" && !distilled) throw new RangeError('head is "distillation", but this DeiT has one head only');
}

/** The recipe as the teacher's images are made by it. */
const withImages = (recipe: Recipe, { imageSize, mean, std }: RegnetyTeacher | DeitTeacher): Recipe => ({
  ...recipe,
  data: { ...recipe.data, mean, std },
  model: { ...recipe.model, imageSize },
});

/** A network that is trained in this run, on images of its own size and normalisation. @throws RangeError for images that cannot be made so */
export async function preparedHere(teacher: RegnetyTeacher | DeitTeacher, index: number, preparing: Preparing): Promise<PreparedTeacher> {
  const { engine, recipe, sets: students } = preparing;
  if (teacher.kind === "deit") checkHead({ head: teacher.head, distilled: teacher.model.distilled });
  const view = viewOf(teacher, { side: null, normalisation: null }, preparing);
  const isStudents = JSON.stringify(view) === JSON.stringify(studentView(preparing));
  const own = withImages(recipe, teacher);
  const sets = isStudents ? students : await preparing.openSets(own);
  const key = teacherKey(recipe.seed, index);
  const { model, training } = teacher;
  const common = {
    view,
    batch: training.batch,
    measured: training.batch,
    close: async () => {
      if (sets !== students) await sets.close();
    },
  };
  const identity = { model, training: identityOfTraining(training), ...(isStudents ? {} : view) };
  if (teacher.kind === "regnety")
    return { ...common, name: "RegNetY", identity, ...preparedTraining(engine, regnetyTraining(engine, own, teacher, key, sets)) };
  const { head } = teacher;
  return {
    ...common,
    name: "DeiT",
    identity: { ...identity, head },
    ...preparedTraining(engine, deitTraining(engine, own, teacher, key, sets)),
  };
}

/** The student of another recipe, which is trained in a folder of this run. */
export function preparedRecipe(teacher: RecipeTeacher, preparing: Preparing): PreparedTeacher {
  const { engine, recipe, run } = preparing;
  const { head, recipe: of } = teacher;
  checkHead({ head, distilled: of.model.distilled });
  const { side, normalisation } = viewOf(teacher, { side: of.model.imageSize, normalisation: of.data }, preparing);
  const outline = deitNetwork({ ...of.model, imageSize: side }, head, new Map(), { normalisation }, {});
  return {
    name: `DeiT of the recipe ${teacher.name}`,
    view: { side, normalisation },
    batch: 0,
    measured: recipe.training.batch,
    identity: { recipe: { ...of, training: identityOfTrained(of.training) }, head, side, ...normalisation },
    onShapes: (k) => within(onShapes(k, outline).predict),
    make: async (options) => {
      if (!(await run(teacher, options))) return null;
      const network = await networkAt(join(options.directory, "weights.safetensors"), { head, imageSize: side });
      const { tensors, predict } = uploaded(engine.kernels, network);
      return { logits: within(predict), release: () => engine.release(tensors) };
    },
    close: () => Promise.resolve(),
  };
}
