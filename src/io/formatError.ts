/** A file that breaks a rule of its format. */
export class FormatError extends Error {
  /** The byte where the rule is broken. */
  readonly offset: number;
  /** The rule, or what is wrong there. */
  readonly rule: string;
  constructor(format: string, offset: number, rule: string) {
    super(`${format}: byte ${offset}: ${rule}`);
    this.offset = offset;
    this.rule = rule;
  }
}

/** Makes the error of a file's format; readers of parts of the file take it as an argument. */
export type Refuse = (offset: number, rule: string) => FormatError;

const LONGEST = 60;

/** Quotes a text of a file for an error message: one line, at most 60 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
}

/** Writes a shape of a file for an error message, likewise. */
export const shapeText = (shape: readonly number[]): string => {
  const text = shape.slice(0, LONGEST).join(", ");
  return `[${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}]`;
};
