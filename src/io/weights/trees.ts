/** Moves trees of tensors between an engine and the flat list of a file. */
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { show, size, type Tensor } from "../../tensor/tensor.ts";
import { mapTree, named } from "../../tensor/tree.ts";
import { numbersOf, type Stored, type Writable } from "./stored.ts";

/** The most bytes that are read at once: a device copies them to memory of their own. A longer leaf is read by itself. */
const AT_ONCE = 2 ** 26;
/** The longest element. */
const ELEMENT_BYTES = 8;

/** The leaves in portions that are read at once. */
function portionsOf(tree: unknown): readonly (readonly (readonly [name: string, t: Tensor])[])[] {
  const portions: (readonly [string, Tensor])[][] = [];
  let left = 0;
  for (const leaf of named(tree)) {
    const bytes = ELEMENT_BYTES * size(leaf[1].shape);
    if (bytes > left || portions.length === 0) [left] = [AT_ONCE, portions.push([])];
    left -= bytes;
    portions.at(-1)?.push(leaf);
  }
  return portions;
}

/**
 * Reads the leaves by name, in the engine's precision. The first 64 MiB are copied at the call, so the caller may free a small tree when this returns, and
 * keeps a larger one as it is until the promise resolves.
 */
export async function readTree(engine: Engine, tree: unknown): Promise<ReadonlyMap<string, Writable>> {
  const found = new Map<string, Writable>();
  for (const portion of portionsOf(tree)) {
    const values = await Promise.all(portion.map(([, t]) => engine.read(t)));
    portion.forEach(([name, { shape }], i) => {
      const data = values[i] ?? new Float32Array();
      found.set(name, data instanceof Float64Array ? { dtype: "F64", shape, data } : { dtype: "F32", shape, data });
    });
  }
  return found;
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
