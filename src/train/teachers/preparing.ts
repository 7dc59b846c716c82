/** What every kind of teacher is prepared from, and the images that it takes. */
import { checkedNormalisation } from "../../data/normalise.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Recipe, RecipeTeacher, TeacherImages } from "../run/recipe.ts";
import type { Sets } from "../run/sets.ts";
import type { View } from "./images.ts";
import type { About } from "./network.ts";
import type { MakeOptions } from "./prepared.ts";

/** What is prepared for. */
export interface Preparing {
  readonly engine: Engine;
  readonly recipe: Recipe;
  /** The student's images. */
  readonly sets: Sets;
  /** Opens the images of a recipe that differs from this one in their size and normalisation. */
  readonly openSets: (recipe: Recipe) => Promise<Sets>;
  /** Trains the student of another recipe in a folder; false: it was stopped. */
  readonly run: (teacher: RecipeTeacher, options: MakeOptions) => Promise<boolean>;
}

/** The student's images. */
export const studentView = ({ recipe, sets: { normalisation } }: Preparing): View => ({ side: recipe.model.imageSize, normalisation });

/** Which images a teacher takes: those that the recipe says, else those of its file, else the student's. @throws RangeError for statistics of other channels */
export function viewOf({ imageSize, mean, std }: TeacherImages, { side, normalisation }: About, preparing: Preparing): View {
  const student = studentView(preparing);
  const usual = normalisation ?? student.normalisation;
  const own = { mean: mean ?? usual.mean, std: std ?? usual.std };
  return { side: imageSize ?? side ?? student.side, normalisation: checkedNormalisation(own, preparing.recipe.model.channels) };
}
