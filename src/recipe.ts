/** Entry point `deit/recipe`: the recipes of training runs, from TOML files or bundled with this package (Node only). */
export type { AugmentSettings, Policy } from "./data/augment/settings.ts";
export { recipeSchema } from "./recipe/jsonSchema.ts";
export { readRecipe, recipeValues } from "./recipe/recipe.ts";
export type { ReadRecipe, RecipeChanges, RecipeValues, SourcedValue } from "./recipe/recipe.ts";
export { recipeKeys } from "./recipe/schema/file.ts";
export { bundledRecipes } from "./recipe/text.ts";
export type {
  DataRecipe,
  DeitTrainingRecipe,
  InitRecipe,
  MixingRecipe,
  Recipe,
  StudentRecipe,
  TeacherRecipe,
  TrainingRecipe,
} from "./train/run/recipe.ts";
