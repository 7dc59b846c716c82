/** What the playground trains, read when the site is built. */
import { digitsRecipe, type DigitsRecipe } from "./recipe.ts";

declare const data: DigitsRecipe;
export { data };

export default { load: digitsRecipe };
