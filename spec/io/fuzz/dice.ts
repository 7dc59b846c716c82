/** Repeatable random choices. */
import { fold, keyOf, uniformAt } from "../../../src/tensor/key.ts";

export interface Dice {
  /** An integer from 0 to n − 1. */
  readonly below: (n: number) => number;
  readonly pick: <T>(from: ArrayLike<T>) => T;
  readonly oneIn: (n: number) => boolean;
}

/** The dice of one case of a family. */
export function diceOf(family: string, index: number): Dice {
  const key = fold(fold(keyOf(0), family), index);
  let drawn = 0;
  const below = (n: number): number => Math.floor(uniformAt(key, drawn++) * n);
  return {
    below,
    oneIn: (n) => below(n) === 0,
    pick: <T>(from: ArrayLike<T>): T => {
      const found = from[below(from.length)];
      if (found === undefined) throw new Error("nothing to pick from");
      return found;
    },
  };
}
