/**
 * Shapes of an op's tensors written as text, and checked at every call: `"... D"`, `"B T 3D"`, `"1 1 D"`.
 *
 * A letter (or a name, `Tq`) stands for the length of an axis. Its first occurrence, inputs before outputs, determines the length, which all
 * others must have. `3D` is three times D, a number is itself, and `...` stands for any leading axes, the same in all tensors. The text is
 * parsed once, when an op is defined.
 */
import { ShapeError } from "./errors.ts";
import { isTensor, show, type Shape, type Tensor } from "./tensor.ts";

/** Shapes as text for some or all tensors of T: `{ x: "... D", params: { weight: "D" } }`. */
export type Shapes<T> = T extends Tensor ? string : { readonly [K in keyof T]?: Shapes<NonNullable<T[K]>> };

interface Axis {
  readonly times: number;
  readonly letter: string;
}

/** The text for one tensor, and the keys that lead to it. */
interface Rule {
  readonly name: string;
  readonly keys: readonly string[];
  readonly text: string;
  readonly dots: boolean;
  readonly axes: readonly Axis[];
}

/** A letter whose length is known, with the argument that determined it, for the error message. */
interface Known {
  readonly letter: string;
  readonly length: number;
  readonly from: string;
}

/** What is known so far: the axes for `...`, which are the first of a shape, and the letters, so few that a list is faster than a map. */
interface Letters {
  dots: { readonly shape: Shape; readonly count: number; readonly from: string } | null;
  readonly known: Known[];
}

function axisOf(token: string): Axis {
  const [, times = "", letter = ""] = /^(\d*)(.*)$/.exec(token) ?? [];
  return { times: times === "" ? 1 : Number(times), letter };
}

function rulesOf(shapes: unknown, keys: readonly string[], root: string): readonly Rule[] {
  if (typeof shapes === "string") {
    const tokens = shapes.split(" ").filter(Boolean);
    const dots = tokens[0] === "...";
    const name = [root, ...keys].filter(Boolean).join(".");
    return [{ name, keys, text: `[${tokens.join(", ")}]`, dots, axes: tokens.slice(dots ? 1 : 0).map(axisOf) }];
  }
  if (typeof shapes !== "object" || shapes === null) return [];
  return Object.entries(shapes).flatMap(([key, child]) => rulesOf(child, [...keys, key], root));
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null;

function lookUp(value: unknown, keys: readonly string[]): unknown {
  let at = value;
  for (const key of keys) at = isRecord(at) ? at[key] : null;
  return at;
}

/** Whether the first `count` axes of two shapes are equal. */
function startAlike(a: Shape, b: Shape, count: number): boolean {
  for (let i = 0; i < count; i++) if (a[i] !== b[i]) return false;
  return true;
}

function find(known: readonly Known[], letter: string): Known | null {
  for (const one of known) if (one.letter === letter) return one;
  return null;
}

/** Determines the letter of an axis, or compares the axis with it; false if it does not fit. */
function axisFits({ times, letter }: Axis, got: number, name: string, letters: Letters): boolean {
  if (letter === "") return got === times;
  const found = find(letters.known, letter);
  if (found !== null) return got === times * found.length;
  letters.known.push({ letter, length: got / times, from: name });
  return got % times === 0;
}

/** Determines letters from a tensor's shape, or compares the shape with them; false if it does not fit. */
function fits(rule: Rule, shape: Shape, letters: Letters): boolean {
  const lead = shape.length - rule.axes.length;
  if (lead < 0 || (lead > 0 && !rule.dots)) return false;
  const { dots } = letters;
  if (rule.dots && dots === null) letters.dots = { shape, count: lead, from: rule.name };
  if (rule.dots && dots !== null && !(dots.count === lead && startAlike(dots.shape, shape, lead))) return false;
  for (const [i, one] of rule.axes.entries()) if (!axisFits(one, shape[lead + i] ?? 0, rule.name, letters)) return false;
  return true;
}

function misfit(op: string, rule: Rule, got: Shape, { dots, known: all }: Letters): ShapeError {
  const facts = rule.axes
    .flatMap(({ letter }) => find(all, letter) ?? [])
    .filter(({ from }) => from !== rule.name)
    .map(({ letter, length, from }) => `${letter} = ${length} (from ${from})`);
  if (rule.dots && dots !== null && dots.from !== rule.name)
    facts.unshift(`... = ${dots.shape.slice(0, dots.count).join(", ")} (from ${dots.from})`);
  const known = facts.length > 0 ? ` with ${[...new Set(facts)].join(", ")}` : "";
  return new ShapeError(`${op}: ${rule.name || "value"} must be ${rule.text}${known}, got ${show(got)}`);
}

function run(op: string, rules: readonly Rule[], value: unknown, letters: Letters): void {
  for (const rule of rules) {
    const t = lookUp(value, rule.keys);
    if (t === null) continue; // an absent part
    if (typeof t !== "object" || !isTensor(t))
      throw new ShapeError(`${op}: ${rule.name || "value"} must be a tensor ${rule.text}, got ${typeof t}`);
    if (!fits(rule, t.shape, letters)) throw misfit(op, rule, t.shape, letters);
  }
}

const unbound = (): Letters => ({ dots: null, known: [] });

/** The two checks of an op. `forward` checks the inputs and returns the check of the output, which shares their letters. */
export interface ShapeCheck {
  readonly forward: (inputs: unknown) => (out: unknown) => void;
  readonly vjp: (saved: unknown, dOut: unknown) => void;
}

/** The checks for the shapes of an op's definition, whose syntax the head of this file describes. */
export function shapeCheck(
  op: string,
  shapes: { readonly inputs?: unknown; readonly saved?: unknown; readonly out?: unknown } = {},
): ShapeCheck {
  const inputs = rulesOf(shapes.inputs, [], "");
  const out = rulesOf(shapes.out, [], "out");
  const saved = rulesOf(shapes.saved, [], "saved");
  const dOut = rulesOf(shapes.out, [], "dOut");
  return {
    forward: (value) => {
      const letters = unbound();
      run(op, inputs, value, letters);
      return (result) => run(op, out, result, letters);
    },
    vjp: (savedValue, cotangent) => {
      const letters = unbound();
      run(op, saved, savedValue, letters);
      run(op, dOut, cotangent, letters);
    },
  };
}
