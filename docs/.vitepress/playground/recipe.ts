/** The recipe of the digits (recipes/digits.toml) as plain data. Needs Node: the site reads it when it is built. */
import { readRecipe } from "../../../src/recipe/recipe.ts";
import type { Recipe } from "../../../src/train/run/recipe.ts";
import type { Distillation } from "../../../src/train/step/objective.ts";
import type { RegnetyTeacher } from "../../../src/train/run/recipe.ts";

/** What the playground trains. */
export interface DigitsRecipe {
  /** Everything but the teacher, which the reader chooses. */
  readonly recipe: Recipe;
  /** The teacher's sizes, and how it is trained. */
  readonly teacher: RegnetyTeacher;
  /** The loss for each choice, with the recipe's defaults. */
  readonly losses: { readonly [T in "none" | "hard" | "soft"]: Distillation };
}

/** The recipe, and its losses. */
export function digitsRecipe(): DigitsRecipe {
  const of = (kind: string): Recipe => readRecipe("digits", { set: [`distillation.kind="${kind}"`] }).recipe;
  const [hard, soft] = [of("hard"), of("soft")];
  const [teacher] = hard.teachers;
  if (teacher?.kind !== "regnety") throw new Error("playground: the recipe of the digits trains a RegNetY first");
  return {
    recipe: { ...hard, teachers: [] },
    teacher,
    losses: { none: { kind: "none" }, hard: hard.distillation, soft: soft.distillation },
  };
}
