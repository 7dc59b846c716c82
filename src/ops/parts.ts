/** The parts of a composed op. The key of a part is its segment in paths, and the name of its parameters, its saved record and its tap. */
import type { Kernels } from "../kernels/kernels.ts";

/** Any op, whatever its types. */
interface AnyOp {
  /** The op's name. */
  readonly name: string;
  /** See `Op`. */
  readonly forward: (...args: never[]) => unknown;
  /** See `Op`. */
  readonly vjp: (...args: never[]) => unknown;
}

/** The same ops, each called under its key: with `parts({ norm1: layerNorm })`, `part.norm1.forward(k, …)` is `layerNorm.forward(k.at("norm1"), …)`. */
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
