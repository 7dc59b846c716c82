/** Program text that repeats. */

/** 0 … n − 1 */
export const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);

/** A line each. */
export const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** `vec4f` of four numbers. */
export const vec4 = (number: (i: number) => string): string => `vec4f(${range(4).map(number).join(", ")})`;
