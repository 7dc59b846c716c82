/** Trees of tensors: plain records and arrays. Numbers, strings, booleans and null in them are inert. */
import { isTensor, type Tensor } from "./tensor.ts";

const join = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

/**
 * Visits each tensor with its dotted path, in the order of the keys.
 *
 * @throws TypeError for anything that is not plain data (promise, Map, function, class instance): it could outlive its memory unseen
 */
export function forEachTensor(tree: unknown, visit: (t: Tensor, path: string) => void, path = ""): void {
  if (typeof tree === "function") throw new TypeError(`a tree may not hold a function (at "${path}")`);
  if (tree === null || typeof tree !== "object") return;
  if (isTensor(tree)) return visit(tree, path);
  if (!Array.isArray(tree)) {
    const proto: unknown = Object.getPrototypeOf(tree);
    if (proto !== Object.prototype && proto !== null)
      throw new TypeError(`a tree holds plain records, arrays and tensors, got ${tree.constructor.name} (at "${path}")`);
  }
  for (const [key, child] of Object.entries(tree)) forEachTensor(child, visit, join(path, key));
}

/** The leaves by name. A parameter tree nests as timm names: `blocks.0.attn.qkv.weight`. */
export function named(tree: unknown): ReadonlyMap<string, Tensor> {
  const leaves = new Map<string, Tensor>();
  forEachTensor(tree, (t, path) => leaves.set(path, t));
  return leaves;
}

/** The same tree with each tensor replaced by `f(tensor, name)`. */
export function mapTree<T>(tree: T, f: (t: Tensor, path: string) => Tensor, path?: string): T;
export function mapTree(tree: unknown, f: (t: Tensor, path: string) => Tensor, path = ""): unknown {
  if (tree === null || typeof tree !== "object") return tree;
  if (isTensor(tree)) return f(tree, path);
  if (Array.isArray(tree)) return tree.map((child, i) => mapTree(child, f, join(path, `${i}`)));
  return Object.fromEntries(Object.entries(tree).map(([key, child]) => [key, mapTree(child, f, join(path, key))]));
}

/** The leaf called `name`, or an error that says whose it should be. */
export function leaf(leaves: ReadonlyMap<string, Tensor>, name: string, owner: string): Tensor {
  const t = leaves.get(name);
  if (t === undefined) throw new Error(`${owner}: nothing named ${name}`);
  return t;
}
