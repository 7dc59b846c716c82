/** A function without a gradient, on numbers that a reader changes. */
import { evaluate, hostArray, type HostArray, type Leaves } from "deit/check";
import { referenceEngine, type Kernels } from "deit";

/** A call of a function with inputs that can be replaced. */
export interface Computation {
  /** The function's name. */
  readonly of: string;
  /** The inputs at first, by name. */
  readonly inputs: Leaves;
  /** The outputs, by name. */
  readonly run: (inputs: Leaves) => Promise<Leaves>;
  /** The output that is drawn as a curve, over its index. */
  readonly curve?: string;
}

const engine = referenceEngine();

/** A single number, as an input. */
export const one = (x: number): HostArray => hostArray([], [x]);

/** The number that an input holds. */
export const numberOf = (inputs: Leaves, name: string): number => inputs.get(name)?.data[0] ?? NaN;

/** The array of an input. */
export const arrayOf = (inputs: Leaves, name: string): HostArray => inputs.get(name) ?? hostArray([0], []);

/** A computation of numbers alone. */
export const onHost = (
  of: string,
  inputs: Readonly<Record<string, HostArray>>,
  run: (inputs: Leaves) => Readonly<Record<string, HostArray>>,
): Computation => ({
  of,
  inputs: new Map(Object.entries(inputs)),
  run: (given) => Promise.resolve(new Map(Object.entries(run(given)))),
});

/** A computation by kernels, on the reference engine. */
export const onEngine = (
  of: string,
  inputs: Readonly<Record<string, HostArray>>,
  run: (k: Kernels, inputs: Leaves) => unknown,
): Computation => ({
  of,
  inputs: new Map(Object.entries(inputs)),
  run: (given) => evaluate(engine, (k) => run(k, given)),
});
