/** Reads recipes: a file, changes to it and defaults become one recipe, in which each value has its origin; a mistake becomes a one-line error. */
import { stringify } from "smol-toml";
import { ZodError } from "zod";
import type { Recipe, TeacherRecipe } from "../train/run/recipe.ts";
import { completed } from "./completed.ts";
import { isTable } from "./leaves.ts";
import { layered, layersOf, type Layer } from "./layers.ts";
import { checkTogether, missingText, mistake } from "./mistakes.ts";
import { checkedRecipe, type CheckedRecipe, type RecipeDraft } from "./schema/file.ts";
import type { TeacherDraft } from "./schema/teacher.ts";
import { byIndex, checkIndices, checkOneSource, formOf, shownKey, teacherCount, written } from "./teachers.ts";
import { changeOf, recipeFile, type Table } from "./text.ts";

/** A value of a recipe with its origin. */
export interface SourcedValue {
  /** Dotted: `training.optimizer.beta1`. */
  readonly key: string;
  /** As TOML has it: a number, text, flag or list; null: it is not set yet, or it follows from a file. */
  readonly value: unknown;
  /** `--set`, `--seed`, what the recipe's file says about it, else `recipe`; where the default comes from (`deit.md 7.1`); `required`: not set yet. */
  readonly source: string;
}

/** A recipe that has been read and checked; the values that every run must set may be missing. */
export interface RecipeValues {
  /** Every value, defaults included, in the schema's order. */
  readonly values: readonly SourcedValue[];
  /** The recipe as TOML, with every value written out. */
  readonly text: string;
}

/** A recipe with everything that a run needs. */
export interface ReadRecipe extends RecipeValues {
  /** What is trained, ready for the training step. */
  readonly recipe: Recipe;
}

/** Changes to a recipe file. */
export interface RecipeChanges {
  /** Values to replace, each as `key=value`: `training.batch=32`. The value is one of TOML; any other is a text. */
  readonly set?: readonly string[];
  /** Replaces the file's seed. */
  readonly seed?: number;
}

/** The source of a value that every run must set. */
const REQUIRED = "required";

/** A recipe as far as it is set. */
export interface DraftedRecipe extends RecipeValues {
  /** What is trained; the values that every run must set may be null. */
  readonly draft: RecipeDraft;
}

/** A recipe that has been checked, and what it still lacks. */
interface Drafted extends DraftedRecipe {
  /** What is missing, and how to set it; null: nothing. */
  readonly missing: string | null;
}

/** Completes and checks the tables of a recipe. @throws RangeError in one line */
function checked(given: Table, where: string): CheckedRecipe & { readonly origins: ReadonlyMap<string, string> } {
  let table = given;
  try {
    checkIndices(given);
    const complete = completed(given);
    table = complete.table;
    const result = checkedRecipe(table);
    checkTogether(result.draft);
    return { origins: complete.origins, ...result };
  } catch (error) {
    const what = error instanceof ZodError ? mistake(error, table) : error instanceof Error ? error.message : String(error);
    throw new RangeError(`recipe ${where}: ${what}`, { cause: error });
  }
}

/** The layers of changes, the last of which wins. @throws RangeError if they give a teacher two sources */
function changeLayers({ set = [], seed }: RecipeChanges): readonly Layer[] {
  const changes = set.map(changeOf);
  checkOneSource(changes);
  const layers = changes.map((table): Layer => ({ table: byIndex(table), form: formOf(table), sourceOf: () => "--set" }));
  return seed === undefined ? layers : [...layers, { table: { seed }, form: "none", sourceOf: () => "--seed" }];
}

function drafted(nameOrPath: string, layers: readonly Layer[]): Drafted {
  const { table: given, sources } = layered(layers);
  const { draft, table, leaves, origins } = checked(given, nameOrPath);
  const count = teacherCount(table);
  const values = leaves.map(({ key, value, source, missing }) => ({
    key: shownKey(key, count),
    value,
    source: missing === null ? (sources.get(key) ?? origins.get(key) ?? source ?? "recipe") : REQUIRED,
  }));
  const text = `# Every value of this run, defaults included.\n${stringify(written(table))}`;
  return { draft, values, text, missing: missingText(leaves, draft) };
}

/**
 * Reads and checks a recipe in which the values that every run must set, such as `data.train`, may be missing.
 *
 * @param nameOrPath the name of a bundled recipe (`digits`), or the path of a TOML file
 * @throws RangeError whose one line says what is wrong, where, and what would be right
 */
export function recipeValues(nameOrPath: string, changes: RecipeChanges = {}): DraftedRecipe {
  const { draft, values, text } = drafted(nameOrPath, [...layersOf(nameOrPath), ...changeLayers(changes)]);
  return { draft, values, text };
}

/** The layers of a teacher's recipe: its images and its seed are the student's unless it names others. */
function layersOfTeacher(
  { name, set }: TeacherDraft & { readonly kind: "recipe" },
  { seed, data: { train, test } }: RecipeDraft,
): readonly Layer[] {
  const own = [...layersOf(name), ...changeLayers({ set })];
  const names = own.some(({ table: { data } }) => isTable(data) && data["train"] !== undefined);
  const layer = (table: Table): Layer => ({ table, form: "none", sourceOf: () => "the student's recipe" });
  return [...(names || train === null || test === null ? [] : [layer({ data: { train, test } })]), layer({ seed }), ...own];
}

/** Reads a teacher's recipe. @throws RangeError in one line, also for one that does not fit the student */
function withRecipe(teacher: TeacherDraft, i: number, student: RecipeDraft, readers: readonly string[]): TeacherRecipe {
  if (teacher.kind !== "recipe") return teacher;
  const at = shownKey(`teacher.${i}.recipe`, student.teachers.length);
  const { set: _, ...same } = teacher;
  const { recipe, text } = complete(teacher.name, layersOfTeacher(teacher, student), readers);
  for (const key of ["channels", "classes"] as const)
    if (recipe.model[key] !== student.model[key])
      throw new RangeError(
        `${at}: the student of ${teacher.name} has model.${key} = ${recipe.model[key]}, but this one has ${student.model[key]}`,
      );
  return { ...same, recipe, text };
}

/** How often a recipe may be among those whose teacher is read: changed by --set, it may have itself as it is in the file as its teacher. */
const MOST_READINGS = 1;

/** A recipe with nothing missing. `readers` are the recipes whose teacher it is. */
function complete(nameOrPath: string, layers: readonly Layer[], readers: readonly string[]): ReadRecipe {
  const { path } = recipeFile(nameOrPath, null);
  if (readers.filter((reader) => reader === path).length > MOST_READINGS)
    throw new RangeError(`recipe ${nameOrPath}: it is the teacher of itself`);
  const { draft, values, text, missing } = drafted(nameOrPath, layers);
  const { data, init } = draft;
  const { train, test } = data;
  const from = init?.from ?? null;
  if (missing !== null || train === null || test === null || (init !== null && from === null))
    throw new RangeError(`recipe ${nameOrPath}: ${missing}`);
  const start = init === null || from === null ? null : { ...init, from };
  const teachers = draft.teachers.map((teacher, i) => withRecipe(teacher, i, draft, [...readers, path]));
  return { recipe: { ...draft, data: { ...data, train, test }, init: start, teachers }, values, text };
}

/**
 * Reads a recipe, applies changes to it, and checks it. The recipes of its teachers are read too.
 *
 * @param nameOrPath the name of a bundled recipe (`digits`), or the path of a TOML file
 * @throws RangeError whose one line says what is wrong or missing, where, and what would be right
 */
export const readRecipe = (nameOrPath: string, changes: RecipeChanges = {}): ReadRecipe =>
  complete(nameOrPath, [...layersOf(nameOrPath), ...changeLayers(changes)], []);
