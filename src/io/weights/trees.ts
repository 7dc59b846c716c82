/** Trees of tensors between an engine and a file's list of them. */
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { show } from "../../tensor/tensor.ts";
import { mapTree, named } from "../../tensor/tree.ts";
import { numbersOf, type Stored, type Writable } from "./stored.ts";

/** The leaves by name, in the precision that the engine has. They may die as soon as this has been called. */
export async function readTree(engine: Engine, tree: unknown): Promise<ReadonlyMap<string, Writable>> {
  const reads = [...named(tree)].map(async ([name, t]): Promise<readonly [string, Writable]> => {
    const data = await engine.read(t);
    const { shape } = t;
    return [name, data instanceof Float64Array ? { dtype: "F64", shape, data } : { dtype: "F32", shape, data }];
  });
  return new Map(await Promise.all(reads));
}

/**
 * A new tree like `tree` with the values of a file, each leaf under its own name there.
 *
 * @throws RangeError naming a leaf that is missing or has another shape, before anything is made
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
