/** Arrays on the host, and trees of them: laws draw them, upload them to an engine, and read them back. */
import type { Engine } from "../kernels/engine.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { size, show, type Shape, type Tensor } from "../tensor/tensor.ts";
import { named } from "../tensor/tree.ts";

/** An array of f64 numbers, row-major. */
export interface HostArray {
  /** Axis lengths, outermost first. */
  readonly shape: Shape;
  /** The numbers, as many as the product of the axis lengths. */
  readonly data: Float64Array;
}

/** @throws RangeError unless there is one number for each element of `shape` */
export function hostArray(shape: Shape, data: ArrayLike<number>): HostArray {
  if (data.length !== size(shape))
    throw new RangeError(`hostArray: data must have ${size(shape)} numbers, for the shape ${show(shape)}, got ${data.length}`);
  return { shape, data: Float64Array.from(data) };
}

/** The tree T with host arrays instead of tensors. */
export type Host<T> = T extends Tensor
  ? HostArray
  : T extends number | string | boolean | null
    ? T
    : { readonly [K in keyof T]: Host<T[K]> };

const isHostArray = (value: object): value is HostArray => "data" in value && "shape" in value;

/** Uploads the arrays of a tree to an engine. */
export function upload<T>(k: Kernels, tree: Host<T>): T;
export function upload(k: Kernels, tree: unknown): unknown {
  if (tree === null || typeof tree !== "object") return tree;
  if (isHostArray(tree)) return k.upload(tree.shape, tree.data);
  if (Array.isArray(tree)) return tree.map((child) => upload(k, child));
  return Object.fromEntries(Object.entries(tree).map(([key, child]) => [key, upload(k, child)]));
}

/** Host arrays by their dotted path. */
export type Leaves = ReadonlyMap<string, HostArray>;

/** The leaves of a host tree by name; "" for a single array. */
export function leavesOf(tree: unknown, path = ""): Leaves {
  if (tree === null || typeof tree !== "object") return new Map();
  if (isHostArray(tree)) return new Map([[path, tree]]);
  return new Map(Object.entries(tree).flatMap(([key, child]) => [...leavesOf(child, path === "" ? key : `${path}.${key}`)]));
}

/** The same host tree with each array replaced by `f(array, path)`. */
export function mapHost<T>(tree: T, f: (a: HostArray, path: string) => HostArray, path?: string): T;
export function mapHost(tree: unknown, f: (a: HostArray, path: string) => HostArray, path = ""): unknown {
  if (tree === null || typeof tree !== "object") return tree;
  if (isHostArray(tree)) return f(tree, path);
  const child = ([key, value]: [string, unknown]): unknown => mapHost(value, f, path === "" ? key : `${path}.${key}`);
  if (Array.isArray(tree)) return Object.entries(tree).map(child);
  return Object.fromEntries(Object.entries(tree).map((entry) => [entry[0], child(entry)]));
}

/** Runs `f` in a region of its own and reads every tensor of its result, by name. No tensor outlives the call. */
export async function evaluate(engine: Engine, f: (k: Kernels) => unknown): Promise<Leaves> {
  const reads: Promise<readonly [string, HostArray]>[] = [];
  engine.kernels.region("evaluate", () => {
    for (const [name, t] of named(f(engine.kernels)))
      reads.push(engine.read(t).then((data) => [name, { shape: t.shape, data: Float64Array.from(data) }] as const));
    return null;
  });
  return new Map(await Promise.all(reads));
}

/** `evaluate` for a function that returns one tensor. */
export async function evaluateOne(engine: Engine, f: (k: Kernels) => Tensor): Promise<HostArray> {
  const leaves = await evaluate(engine, (k) => ({ out: f(k) }));
  return leaves.get("out") ?? hostArray([0], []);
}
