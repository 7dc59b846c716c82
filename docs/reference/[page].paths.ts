/** The pages that are made of the program itself: its commands, its schema of recipes, its engines. */
import { cliPage } from "../.vitepress/reference/cli.ts";
import { enginesPage } from "../.vitepress/reference/engines.ts";
import { recipePage } from "../.vitepress/reference/recipeKeys.ts";

/** A page, as VitePress takes it. */
interface ReferencePage {
  readonly params: { readonly page: string };
  readonly content: string;
}

export default {
  paths: async (): Promise<readonly ReferencePage[]> => [
    { params: { page: "cli" }, content: await cliPage() },
    { params: { page: "recipe" }, content: recipePage() },
    { params: { page: "engines" }, content: enginesPage() },
  ],
};
