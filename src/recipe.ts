/** Entry point `deit/recipe`: the recipes of training runs, from TOML files or bundled with this package (Node only). */
export { readRecipe } from "./recipe/recipe.ts";
export type { ReadRecipe, RecipeChanges, SourcedValue } from "./recipe/recipe.ts";
export { recipeKeys } from "./recipe/schema.ts";
export { bundledRecipes } from "./recipe/text.ts";
export type { DataRecipe, Recipe, StudentRecipe, TeacherRecipe, TrainingRecipe } from "./train/run/recipe.ts";
