/** Trees of tensors: plain records and arrays. They may also hold numbers, strings, booleans, null and typed arrays, which these functions leave unchanged. */
import { isTensor, type Tensor } from "./tensor.ts";

const join = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

/** A plain record. */
function isRecord(tree: object): tree is Readonly<Record<string, unknown>> {
  const proto: unknown = Object.getPrototypeOf(tree);
  return proto === Object.prototype || proto === null;
}

/** Visits the tensors below `tree`, to which `keys` lead from the root: one array for the whole walk, so that paths are joined only where needed. */
function walk(tree: unknown, visit: (t: Tensor, keys: readonly string[]) => void, keys: string[]): void {
  if (typeof tree === "function") throw new TypeError(`a tree may not hold a function (at "${keys.join(".")}")`);
  if (tree === null || typeof tree !== "object" || ArrayBuffer.isView(tree)) return;
  if (isTensor(tree)) return visit(tree, keys);
  const depth = keys.length;
  if (Array.isArray(tree)) {
    for (let i = 0; i < tree.length; i++) {
      keys[depth] = `${i}`;
      walk(tree[i], visit, keys);
    }
  } else if (isRecord(tree)) {
    for (const key in tree) {
      keys[depth] = key;
      walk(tree[key], visit, keys);
    }
  } else throw new TypeError(`a tree holds plain records, arrays and tensors, got ${tree.constructor.name} (at "${keys.join(".")}")`);
  if (keys.length > depth) keys.pop();
}

/**
 * Visits each tensor, in the order of the keys.
 *
 * @throws TypeError for anything that is not plain data (a promise, Map, function or class instance), in which tensors would be overlooked
 */
export const forEachTensor = (tree: unknown, visit: (t: Tensor) => void): void => walk(tree, visit, []);

/** The leaves by path; in a parameter tree a path is timm's name, `blocks.0.attn.qkv.weight`. */
export function named(tree: unknown): ReadonlyMap<string, Tensor> {
  const leaves = new Map<string, Tensor>();
  walk(tree, (t, keys) => leaves.set(keys.join("."), t), []);
  return leaves;
}

/** The same tree with each tensor replaced by `f(tensor, name)`. */
export function mapTree<T>(tree: T, f: (t: Tensor, path: string) => Tensor, path?: string): T;
export function mapTree(tree: unknown, f: (t: Tensor, path: string) => Tensor, path = ""): unknown {
  if (tree === null || typeof tree !== "object" || ArrayBuffer.isView(tree)) return tree;
  if (isTensor(tree)) return f(tree, path);
  if (Array.isArray(tree)) return tree.map((child, i) => mapTree(child, f, join(path, `${i}`)));
  const mapped: Record<string, unknown> = {};
  for (const key in tree) mapped[key] = mapTree(Reflect.get(tree, key), f, join(path, key));
  return mapped;
}

/** @throws Error that begins with `owner` if there is no leaf called `name` */
export function leaf(leaves: ReadonlyMap<string, Tensor>, name: string, owner: string): Tensor {
  const t = leaves.get(name);
  if (t === undefined) throw new Error(`${owner}: nothing named ${name}`);
  return t;
}
