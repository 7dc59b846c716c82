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

/** The lengths known so far: one for each letter, and the list for `...`; each with the argument that determined it, for the error message. */
interface Letters {
  dots: Shape | null;
  dotsFrom: string;
  readonly length: Map<string, number>;
  readonly from: Map<string, string>;
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

const lookUp = (value: unknown, keys: readonly string[]): unknown =>
  keys.reduce<unknown>((v, key) => (typeof v === "object" && v !== null ? Reflect.get(v, key) : null), value);

const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((length, i) => length === b[i]);

/** Determines the letter of an axis, or compares the axis with it; false if it does not fit. */
function axisFits({ times, letter }: Axis, got: number, name: string, letters: Letters): boolean {
  if (letter === "") return got === times;
  const bound = letters.length.get(letter);
  if (bound !== undefined) return got === times * bound;
  letters.length.set(letter, got / times);
  letters.from.set(letter, name);
  return got % times === 0;
}

/** Determines letters from a tensor's shape, or compares the shape with them; false if it does not fit. */
function fits(rule: Rule, shape: Shape, letters: Letters): boolean {
  const lead = shape.length - rule.axes.length;
  if (lead < 0 || (lead > 0 && !rule.dots)) return false;
  if (rule.dots) {
    const leading = shape.slice(0, lead);
    if (letters.dots !== null && !sameShape(letters.dots, leading)) return false;
    if (letters.dots === null) {
      letters.dots = leading;
      letters.dotsFrom = rule.name;
    }
  }
  return rule.axes.every((axis, i) => axisFits(axis, shape[lead + i] ?? 0, rule.name, letters));
}

function misfit(op: string, rule: Rule, got: Shape, letters: Letters): ShapeError {
  const facts = rule.axes
    .filter(({ letter }) => letters.from.has(letter) && letters.from.get(letter) !== rule.name)
    .map(({ letter }) => `${letter} = ${letters.length.get(letter)} (from ${letters.from.get(letter)})`);
  if (rule.dots && letters.dots !== null && letters.dotsFrom !== rule.name)
    facts.unshift(`... = ${letters.dots.join(", ")} (from ${letters.dotsFrom})`);
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

const unbound = (): Letters => ({ dots: null, dotsFrom: "", length: new Map(), from: new Map() });

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
