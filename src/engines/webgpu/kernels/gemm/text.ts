/** Program text that repeats. */

/** 0 … n − 1 */
export const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);

export const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");
