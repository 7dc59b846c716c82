/** Trees of tensors: plain records and arrays. Numbers, strings, booleans and null in them are inert. */
import { isTensor, type Tensor } from "./tensor.ts";

const join = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

/** `way` has the keys on the way to `tree`: a path is made of them where one is asked for. */
function walk(tree: unknown, visit: (t: Tensor, way: readonly string[]) => void, way: string[]): void {
  if (typeof tree === "function") throw new TypeError(`a tree may not hold a function (at "${way.join(".")}")`);
  if (tree === null || typeof tree !== "object") return;
  if (isTensor(tree)) return visit(tree, way);
  if (!Array.isArray(tree)) {
    const proto: unknown = Object.getPrototypeOf(tree);
    if (proto !== Object.prototype && proto !== null)
      throw new TypeError(`a tree holds plain records, arrays and tensors, got ${tree.constructor.name} (at "${way.join(".")}")`);
  }
  for (const key in tree) {
    way.push(key);
    walk(Reflect.get(tree, key), visit, way);
    way.pop();
  }
}

/**
 * Visits each tensor, in the order of the keys.
 *
 * @throws TypeError for anything that is not plain data (promise, Map, function, class instance): it could outlive its memory unseen
 */
export const forEachTensor = (tree: unknown, visit: (t: Tensor) => void): void => walk(tree, visit, []);

/** The leaves by name. A parameter tree nests as timm names: `blocks.0.attn.qkv.weight`. */
export function named(tree: unknown): ReadonlyMap<string, Tensor> {
  const leaves = new Map<string, Tensor>();
  walk(tree, (t, way) => leaves.set(way.join("."), t), []);
  return leaves;
}

/** The same tree with each tensor replaced by `f(tensor, name)`. */
export function mapTree<T>(tree: T, f: (t: Tensor, path: string) => Tensor, path?: string): T;
export function mapTree(tree: unknown, f: (t: Tensor, path: string) => Tensor, path = ""): unknown {
  if (tree === null || typeof tree !== "object") return tree;
  if (isTensor(tree)) return f(tree, path);
  if (Array.isArray(tree)) return tree.map((child, i) => mapTree(child, f, join(path, `${i}`)));
  const mapped: Record<string, unknown> = {};
  for (const key in tree) mapped[key] = mapTree(Reflect.get(tree, key), f, join(path, key));
  return mapped;
}

/** The leaf called `name`, or an error that says whose it should be. */
export function leaf(leaves: ReadonlyMap<string, Tensor>, name: string, owner: string): Tensor {
  const t = leaves.get(name);
  if (t === undefined) throw new Error(`${owner}: nothing named ${name}`);
  return t;
}
