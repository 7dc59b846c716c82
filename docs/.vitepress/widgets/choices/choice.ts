/** A disputed choice: what each source does, computed by the library on the same numbers. */
import { evaluateOne, hostArray, type HostArray, type Leaves } from "deit/check";
import { referenceEngine, type Kernels, type Tensor } from "deit";
import type { Both } from "../../components/language.ts";

/** What one source does. */
export interface Way {
  /** Whose it is, and what it is. */
  readonly by: Both<string>;
  /** The result, from the inputs by name. @throws RangeError for inputs that make no sense */
  readonly compute: (inputs: Leaves) => Promise<HostArray>;
}

/** A disputed choice. */
export interface Choice {
  /** The numbers that a reader may change, by name. */
  readonly inputs: Leaves;
  /** What the results are. */
  readonly result: Both<string>;
  /** What the columns of a result are. */
  readonly columns?: Both<readonly string[]>;
  /** The first is this library's default. */
  readonly ways: readonly [Way, ...Way[]];
}

/** A result, and its largest difference from the first one. */
export interface Outcome {
  readonly array: HostArray;
  readonly difference: number;
}

const engine = referenceEngine();

/** The tensors of a choice by name. */
export type TensorOf = (name: string) => Tensor;

/** An input by name. */
export const arrayOf = (inputs: Leaves, name: string): HostArray => inputs.get(name) ?? hostArray([0], []);

/** An input that is a number. */
export const numberOf = (inputs: Leaves, name: string): number => arrayOf(inputs, name).data[0] ?? NaN;

/** A way that is computed on the engine. */
export const onEngine =
  (f: (k: Kernels, of: TensorOf, inputs: Leaves) => Tensor): Way["compute"] =>
  (inputs) =>
    evaluateOne(engine, (k) => {
      const of: TensorOf = (name) => {
        const { shape, data } = arrayOf(inputs, name);
        return k.upload(shape, data);
      };
      return f(k, of, inputs);
    });

/** A way that the library computes on the host: one row of numbers. */
export const onHost =
  (f: (inputs: Leaves) => readonly number[]): Way["compute"] =>
  async (inputs) => {
    const row = f(inputs);
    return hostArray([1, row.length], row);
  };

/** Every result. */
export async function outcomesOf({ ways }: Choice, inputs: Leaves): Promise<readonly Outcome[]> {
  const arrays: HostArray[] = [];
  for (const { compute } of ways) arrays.push(await compute(inputs));
  const [first = hostArray([0], [])] = arrays;
  return arrays.map((array) => ({ array, difference: Math.max(0, ...array.data.map((x, i) => Math.abs(x - (first.data[i] ?? NaN)))) }));
}
