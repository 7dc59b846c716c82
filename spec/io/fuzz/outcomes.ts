/** The possible outcomes of reading a mutated file: it is read correctly, or it is refused by an error that says where and why. */
import { expect } from "vitest";
import { FormatError } from "../../../src/io/formatError.ts";
import { diceOf, type Dice } from "./dice.ts";

/** Cases of each family; more in the long run. */
export const CASES: number = process.env["DEIT_LONG"] === "1" ? 50_000 : 2_000;
export const MINUTES_10 = 600_000;
/** The longest message: each of sixty quoted characters may take six. */
const LONGEST_RULE = 600;

export interface Outcomes {
  /** How many files were read correctly in spite of the mutation. */
  readonly right: number;
  /** How many were refused, by the wording of the rule. */
  readonly refused: ReadonlyMap<string, number>;
}

/** The wording of a rule without numbers and quotations from the file. */
const wordsOf = (rule: string): string => rule.replaceAll(/"(?:[^"\\]|\\.)*"|\[[\d, …]*\]|\d+/g, "#");

/**
 * Mutates files and reads them.
 *
 * @param check reads a file, and checks the result if it is read
 */
export function outcomesOf(
  family: string,
  mutant: (dice: Dice) => Uint8Array,
  check: (file: Uint8Array) => void,
  cases: number = CASES,
): Outcomes {
  let right = 0;
  const refused = new Map<string, number>();
  for (let i = 0; i < cases; i++) {
    const file = mutant(diceOf(family, i));
    try {
      check(file);
      right++;
    } catch (error) {
      if (!(error instanceof FormatError)) throw new Error(`case ${i} of ${family}`, { cause: error });
      expect(Number.isSafeInteger(error.offset) && error.offset >= 0, `case ${i} of ${family}: ${error.message}`).toBe(true);
      expect(error.rule.length, `case ${i} of ${family}`).toBeLessThan(LONGEST_RULE);
      expect(error.rule, `case ${i} of ${family}`).not.toMatch(/[\n\r]/);
      refused.set(wordsOf(error.rule), (refused.get(wordsOf(error.rule)) ?? 0) + 1);
    }
  }
  return { right, refused };
}
