/** `deit recipe`: the bundled recipes, and the JSON Schema of recipe files. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { recipeSchema } from "../../recipe/jsonSchema.ts";
import { recipeValues } from "../../recipe/recipe.ts";
import { bundledPath, bundledRecipes } from "../../recipe/text.ts";
import { withExamples, withJson, type JsonOption } from "../options.ts";
import { print, printJson, table } from "../output.ts";

/** A bundled recipe, as `deit recipe list --json` prints it. */
interface Listed {
  readonly name: string;
  readonly description: string;
  /** In pixels. */
  readonly imageSize: number;
  /** The training images; null: to be set. */
  readonly data: string | null;
}

/** The first line of comment; directives for editors (`#:schema`) are none. */
const descriptionOf = (name: string): string => /^# (.*)$/m.exec(readFileSync(bundledPath(name), "utf8"))?.[1] ?? "";

function listed(name: string): Listed {
  const { values } = recipeValues(name);
  const valueOf = (key: string): unknown => values.find((value) => value.key === key)?.value;
  const train = valueOf("data.train");
  return {
    name,
    description: descriptionOf(name),
    imageSize: Number(valueOf("model.image_size")),
    data: typeof train === "string" ? train : null,
  };
}

function list({ json }: JsonOption): void {
  const recipes = bundledRecipes().map(listed);
  if (json === true) return printJson({ recipes });
  const rows = recipes.map(({ name, description, imageSize, data }) => [name, `${imageSize}`, data ?? "to be set", description]);
  for (const line of table([["recipe", "size", "data", "description"], ...rows], ["left", "right", "left", "left"])) print(line);
}

export function addRecipe(program: Command): void {
  const command = program
    .command("recipe")
    .description("the bundled recipes, and the JSON Schema of recipe files")
    .argument("[what]")
    .action((what?: string) => {
      throw new RangeError(
        `${what === undefined ? "which of them?" : `unknown command '${what}';`} known: list, schema; see deit recipe --help`,
      );
    });
  withJson(command.command("list").description("the bundled recipes, with image size and training images")).action(list);
  withJson(command.command("schema").description("the JSON Schema of recipe files, for editors")).action(() =>
    print(JSON.stringify(recipeSchema(), null, "\t")),
  );
  withExamples(command, [
    ["deit recipe list", "the names that deit train takes"],
    ["deit recipe schema > recipe.schema.json", "a recipe that begins with #:schema ./recipe.schema.json is then checked by editors"],
  ]);
}
