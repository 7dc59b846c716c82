/** Moves trees of tensors between an engine and the flat list of a file. */
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { show } from "../../tensor/tensor.ts";
import { mapTree, named } from "../../tensor/tree.ts";
import { numbersOf, type Stored, type Writable } from "./stored.ts";

/** Reads the leaves by name, in the engine's precision. The reads start at once, so the caller may free the tree when this returns. */
export async function readTree(engine: Engine, tree: unknown): Promise<ReadonlyMap<string, Writable>> {
  const reads = [...named(tree)].map(async ([name, t]): Promise<readonly [string, Writable]> => {
    const data = await engine.read(t);
    const { shape } = t;
    return [name, data instanceof Float64Array ? { dtype: "F64", shape, data } : { dtype: "F32", shape, data }];
  });
  return new Map(await Promise.all(reads));
}

/**
 * A new tree with the structure of `tree` and the values of a file, where each leaf is stored under its name.
 *
 * @throws RangeError naming a leaf that is missing or has another shape, before anything is allocated
 */
export function uploadTree<T>(k: Kernels, tree: T, tensors: ReadonlyMap<string, Stored>): T {
  const values = new Map<string, Float64Array>();
  for (const [name, { shape }] of named(tree)) {
    const stored = tensors.get(name);
    if (stored === undefined) throw new RangeError(`nothing named ${name}`);
    if (show(stored.shape) !== show(shape)) throw new RangeError(`${name} must be ${show(shape)}, got ${show(stored.shape)}`);
    values.set(name, numbersOf(stored));
  }
  return mapTree(tree, (t, name) => k.upload(t.shape, values.get(name) ?? []));
}
