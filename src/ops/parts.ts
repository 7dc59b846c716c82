/** The parts of a composed op, each named by its key: path segment, parameter name, saved key and tap are one word. */
import type { Kernels } from "../kernels/kernels.ts";

/** Any op, its types forgotten. */
interface AnyOp {
  /** The op's name. */
  readonly name: string;
  /** As of `Op`. */
  readonly forward: (...args: never[]) => unknown;
  /** As of `Op`. */
  readonly vjp: (...args: never[]) => unknown;
}

/** The same ops, called at their labels: `norm1.forward(k, …)` is `layerNorm.forward(k.at("norm1"), …)`. */
export function parts<T extends { readonly [label: string]: AnyOp }>(ops: T): T {
  const labelled = ([label, { name, forward, vjp }]: [string, AnyOp]): [string, AnyOp] => [
    label,
    Object.freeze({
      name,
      forward: (k: Kernels, ...rest: never[]) => Reflect.apply(forward, undefined, [k.at(label), ...rest]),
      vjp: (k: Kernels, ...rest: never[]) => Reflect.apply(vjp, undefined, [k.at(label), ...rest]),
    }),
  ];
  return Object.freeze(Object.fromEntries(Object.entries(ops).map(labelled))) as T; // the same keys and types
}
