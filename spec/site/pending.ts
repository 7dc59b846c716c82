/** What the site does not have yet. A spec compares these lists with what is missing, so that they only get shorter. */

/** Pages without text, in one of the languages, as `learn/patches` and `zh/learn/patches`. */
export const pendingPages: readonly string[] = ["playground", "zh/playground"];

/** Numbers of formulas that no chapter has. */
export const pendingFormulas: readonly string[] = [];
