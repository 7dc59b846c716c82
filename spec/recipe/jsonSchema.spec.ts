/** The schema that editors use: the bundled recipes fit it, and mistakes do not. */
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { recipeSchema } from "../../src/recipe/jsonSchema.ts";
import { writtenKeys } from "../../src/recipe/schema/file.ts";
import { bundledPath, bundledRecipes } from "../../src/recipe/text.ts";

const schema = recipeSchema();
const editor = z.fromJSONSchema(schema);
const fits = (toml: string): boolean => editor.safeParse(parse(toml)).success;

/** What a schema is, or refers to. */
const resolved = (of: object): object =>
  "$ref" in of ? Object(Object(schema["definitions"])[String(of.$ref).replace("#/definitions/", "")]) : of;

/** Every key of a schema, with its own schema; those of the items of a list are left out. */
function keysOf(of: object, path = ""): readonly (readonly [string, object])[] {
  const { properties, anyOf }: Readonly<Record<string, unknown>> = Object(resolved(of));
  const options: readonly object[] = Array.isArray(anyOf) ? anyOf : [];
  const own = Object.entries(Object(properties)).flatMap(([name, child]) => {
    const key = path === "" ? name : `${path}.${name}`;
    const inner = keysOf(Object(child), key);
    return inner.length > 0 ? inner : [[key, Object(child)] as const];
  });
  return [...own, ...options.flatMap((option) => keysOf(Object(option), path))];
}

describe("the JSON Schema of recipes", () => {
  it.each(bundledRecipes())("accepts %s", (name) => {
    expect(editor.safeParse(parse(readFileSync(bundledPath(name), "utf8"))).error?.issues).toBeUndefined();
  });

  it("knows the keys that deit knows, and describes each", () => {
    const keys = keysOf(schema);
    expect(new Set(keys.map(([key]) => key))).toEqual(new Set(writtenKeys));
    const bare = keys.filter(([key, of]) => !key.endsWith(".kind") && !("description" in of));
    expect(bare.map(([key]) => key)).toEqual([]);
  });

  it.each([
    ["nothing but a difference", 'extends = "deit-base"\n[training.optimizer]\nweight_decay = 0.1\n', true],
    ["a table without its kind", "[distillation]\ntau = 2\n", true],
    ["a published teacher", '[teacher.model]\nname = "regnety-4gf"\n', true],
    ["a run as the teacher", '[teacher]\nrun = "runs/digits-0"\nhead = "class"\n', true],
    ["several teachers", '[[teacher]]\nonnx = "a.onnx"\nimage_size = 24\n[[teacher]]\nrecipe = "digits"\nset = ["seed=1"]\n', true],
    ["a DeiT as a teacher", '[teacher.model]\nkind = "deit"\nwidth = 64\n', true],
    ["a teacher of two sources", '[teacher]\nrun = "runs/digits-0"\nonnx = "a.onnx"\n', false],
    ["a key that only a DeiT has", '[teacher.model]\nkind = "regnety"\npatch_size = 8\n', false],
    ["a misspelt key", "[training]\nepoch = 3\n", false],
    ["a key of another kind", '[distillation]\nkind = "hard"\ntau = 2\n', false],
    ["a text for a number", '[training]\nbatch = "8"\n', false],
    ["a number out of range", "[mixing]\nmixup = 5\n", false],
    ["half an image", "[training]\nbatch = 1.5\n", false],
    ["an unknown policy", '[data]\npolicy = "trivial"\n', false],
  ])("judges %s", (_, toml, right) => {
    expect(fits(toml)).toBe(right);
  });
});
