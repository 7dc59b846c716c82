/**
 * Which tensors a program reads and which it writes, found in its text: tensor t is read by `load_t`, `load2_t`, `load4_t` and `words_t`, and
 * written by `store_t`, `store2_t` and `store4_t`. Functions that are declared and that `main` does not reach do not count.
 */

export interface Use {
  readonly reads: boolean;
  readonly writes: boolean;
}

const NAME = /[A-Za-z_]\w*/g;

/** The names that a piece of WGSL contains. */
const namesIn = (code: string): readonly string[] => code.match(NAME) ?? [];

/** The names that each function of these declarations contains; everything up to the next function counts as its body. */
function functionsIn(declarations: string): ReadonlyMap<string, readonly string[]> {
  const pieces = declarations.split(/\bfn\s+/).slice(1);
  return new Map(pieces.map((piece) => [namesIn(piece)[0] ?? "", namesIn(piece)]));
}

/** All names that are reached from `main`, through functions that call one another. */
function reached(declarations: string, main: string): ReadonlySet<string> {
  const functions = functionsIn(declarations);
  const names = new Set(namesIn(main));
  for (const name of names) for (const inner of functions.get(name) ?? []) names.add(inner); // also visits what it adds
  return names;
}

/**
 * What a program does with its tensors.
 *
 * @param tensors their names in the text
 * @param declarations WGSL outside of `main`, without the accessors
 */
export function usesOf(tensors: readonly string[], declarations: string, main: string): readonly Use[] {
  const names = reached(declarations, main);
  const any = (accessors: readonly string[], tensor: string): boolean => accessors.some((accessor) => names.has(`${accessor}_${tensor}`));
  return tensors.map((tensor) => ({
    reads: any(["load", "load2", "load4", "words"], tensor),
    writes: any(["store", "store2", "store4"], tensor),
  }));
}
