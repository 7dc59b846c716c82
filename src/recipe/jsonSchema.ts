/** The JSON Schema of recipe files, by which editors complete and check them. */
import { z } from "zod";
import { meaningOf } from "./fields.ts";
import { writtenFile } from "./schema/file.ts";

const WHAT =
  "A recipe of deit. No key is required here, since a recipe may extend another, name a published model, and be completed by --set; " +
  "deit train RECIPE --print-recipe says what is missing.";

/**
 * The schema of a recipe file (draft 7). It says which keys and values there are, not which are needed: `extends`, `model.name` and `--set` may
 * give any of them. For the same reason a table of several kinds may leave out its kind, so it must fit at least one of them.
 */
export function recipeSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(writtenFile, {
    target: "draft-7",
    io: "input",
    override: ({ zodSchema, jsonSchema }) => {
      const { source, description } = meaningOf(zodSchema);
      delete jsonSchema["source"];
      delete jsonSchema["howToSet"];
      delete jsonSchema.required;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum; // no limit that a reader needs
      if (description !== undefined && source !== undefined) jsonSchema.description = `${description} (${source})`;
      if (jsonSchema.oneOf !== undefined) {
        jsonSchema.anyOf = jsonSchema.oneOf;
        delete jsonSchema.oneOf;
      }
    },
  });
  return { ...schema, title: "deit recipe", description: WHAT };
}
