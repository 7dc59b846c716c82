/** Recognises a wrong tensor that is a simple combination of others: a copy, a multiple, a sum of two, the right values with a term too many or too few. */
import type { HostArray } from "../../check/host.ts";
import { size } from "../../tensor/tensor.ts";
import { multipleOf, same } from "./hints.ts";

/** A tensor that the wrong one may be composed of. */
export interface Ingredient {
  readonly name: string;
  readonly array: HostArray;
}

const DIGITS = 6;
/** Factors that differ from 1 by less than this count as 1. */
const ONE = 1e-6;
const text = (c: number): string => String(Number(c.toPrecision(DIGITS)));
const is = (c: number, value: number): boolean => Math.abs(c - value) < ONE;

const minus = (a: HostArray, b: HostArray): HostArray => ({ shape: a.shape, data: a.data.map((x, i) => x - (b.data[i] ?? NaN)) });
const isZero = ({ data }: HostArray): boolean => data.every((x) => x === 0);

/** `c·name` */
const term = (c: number, name: string): string => (is(c, 1) ? name : is(c, -1) ? `−${name}` : `${text(c)}·${name}`);

function copy(recorded: HostArray, ingredients: readonly Ingredient[]): string | null {
  for (const { name, array } of ingredients) {
    const c = multipleOf(recorded, array);
    if (c !== null) return is(c, 1) ? `the recorded values are a copy of ${name}` : `the recorded values are ${term(c, name)}`;
  }
  return null;
}

/** A hint if recorded − right is a multiple of another tensor. */
function extraTerm(recorded: HostArray, right: HostArray, ingredients: readonly Ingredient[]): string | null {
  const difference = minus(recorded, right);
  for (const { name, array } of ingredients) {
    const c = multipleOf(difference, array);
    if (c === null) continue;
    if (is(c, -1)) return `${name} is missing from the sum`;
    return is(c, 1) ? `${name} is added to the right values` : `${term(c, name)} is added to the right values`;
  }
  return null;
}

function sumOfTwo(recorded: HostArray, ingredients: readonly Ingredient[]): string | null {
  for (const [i, a] of ingredients.entries())
    for (const b of ingredients.slice(i + 1)) {
      const c = multipleOf(minus(recorded, a.array), b.array);
      if (c !== null && (is(c, 1) || is(c, -1))) return `the recorded values are ${a.name} ${is(c, 1) ? "+" : "−"} ${b.name}`;
    }
  return null;
}

/** Combinations are looked for in tensors of up to this many numbers. */
const LARGEST = 2 ** 22;

/** A sentence on the first combination that gives the recorded values; null: none does. */
export function combinationHint(recorded: HostArray, right: HostArray, ingredients: readonly Ingredient[]): string | null {
  const length = size(right.shape);
  if (length < 2 || length > LARGEST) return null;
  const usable = ingredients.filter(({ array }) => array.shape.join() === right.shape.join() && !isZero(array) && !same(array, right));
  return copy(recorded, usable) ?? extraTerm(recorded, right, usable) ?? sumOfTwo(recorded, usable);
}
