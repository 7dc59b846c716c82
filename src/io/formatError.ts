/** A file breaks a rule of its format. */
export class FormatError extends Error {
  /** The byte where the rule is broken. */
  readonly offset: number;
  /** What is wrong there, or what would be right. */
  readonly rule: string;
  constructor(format: string, offset: number, rule: string) {
    super(`${format}: byte ${offset}: ${rule}`);
    this.offset = offset;
    this.rule = rule;
  }
}

/** Makes the error of a format; whoever reads a part of a file is given it. */
export type Refuse = (offset: number, rule: string) => FormatError;

const LONGEST = 60;

/** A text of a file as an error message may quote it: one line, of no more than 60 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
}

/** A shape of a file, likewise. */
export const shapeText = (shape: readonly number[]): string => {
  const text = shape.slice(0, LONGEST).join(", ");
  return `[${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}]`;
};
