/** Reads what to explain: a numbered formula, an op with or without shapes, or a path of a network. */
import type { Shape } from "../tensor/tensor.ts";
import { equations } from "./equations.ts";
import { networkPlaces, type NetworkPlace } from "./networks.ts";
import { operations } from "./operations/all.ts";
import type { Operation, Sizes } from "./operations/operation.ts";

/** An op on tensors of certain shapes. */
export interface OperationCall {
  readonly operation: Operation;
  readonly shape: Shape;
  readonly sizes: Sizes;
  /** The call as text, with every size: `linear 64x197x768 3072`. */
  readonly text: string;
}

export type ExplainTarget =
  | { readonly kind: "formula"; readonly id: string }
  | { readonly kind: "operation"; readonly call: OperationCall }
  | { readonly kind: "path"; readonly place: NetworkPlace };

/** `64x197x768` */
const asText = (shape: Shape): string => shape.join("x");

/** How to name a call of an op: `linear ...xI O, such as linear 1x197x192 768`. */
export function usageOf({ name, axes, shape, sizes }: Operation): string {
  const given = [axes.replaceAll(" ", "x"), ...Object.keys(sizes)].filter(Boolean);
  const example = [name, asText(shape), ...Object.values(sizes).map((make) => make(shape))].filter((part) => part !== "");
  return `"${[name, ...given].join(" ")}", such as "${example.join(" ")}"`;
}

const isSize = (text: string): boolean => /^\d{1,9}$/.test(text) && Number(text) > 0;

function shapeOf(text: string, operation: Operation): Shape {
  const parts = text.split(/[x×]/);
  if (!parts.every(isSize)) throw new RangeError(`${text} is not a shape; right would be ${usageOf(operation)}`);
  const axes = operation.axes.split(" ").filter(Boolean);
  const least = axes.filter((axis) => axis !== "...").length;
  const fits = axes.includes("...") ? parts.length >= least : parts.length === least;
  if (!fits)
    throw new RangeError(
      `${text} has ${parts.length} ${parts.length === 1 ? "axis" : "axes"}, and ${operation.name} takes ${usageOf(operation)}`,
    );
  return parts.map(Number);
}

function callOf(operation: Operation, [shapeText, ...rest]: readonly string[]): OperationCall {
  const shape = shapeText === undefined ? operation.shape : shapeOf(shapeText, operation);
  const letters = Object.entries(operation.sizes);
  if (rest.length > letters.length)
    throw new RangeError(`${rest.slice(letters.length).join(" ")} is more than ${operation.name} takes: ${usageOf(operation)}`);
  const wrong = rest.find((text) => !isSize(text));
  if (wrong !== undefined) throw new RangeError(`${wrong} is not a size; right would be ${usageOf(operation)}`);
  const sizes = Object.fromEntries(letters.map(([letter, make], i) => [letter, rest[i] === undefined ? make(shape) : Number(rest[i])]));
  const text = [operation.name, asText(shape), ...Object.values(sizes)].filter((part) => part !== "").join(" ");
  return { operation, shape, sizes, text };
}

/** The call that a text names; null: its first word is no op. */
export function operationCall(text: string): OperationCall | null {
  const [name = "", ...rest] = text.trim().split(/\s+/);
  const operation = operations.get(name);
  return operation === undefined ? null : callOf(operation, rest);
}

/** An unknown word; `known` are the words that would be right. */
export class UnknownTargetError extends RangeError {
  readonly known: readonly string[];
  constructor(message: string, known: readonly string[]) {
    super(message);
    this.name = "UnknownSubjectError";
    this.known = known;
  }
}

/**
 * The target that a text names.
 *
 * @throws UnknownTargetError for an unknown word, RangeError for a shape that does not fit
 */
export function targetOf(text: string): ExplainTarget {
  const trimmed = text.trim().replace(/^op\//, "");
  if (trimmed === "")
    throw new RangeError("what should be explained? Give a formula, an op or a path, such as E7, attention or blocks.0.attn");
  const id = trimmed.replace(/^\((.*)\)$/, "$1").toUpperCase();
  if (equations.has(id)) return { kind: "formula", id };
  if (/^[EG]\d+$/.test(id)) throw new UnknownTargetError(`there is no ${id}; the equations are E1 to E39 and the gradients G1 to G22`, []);
  const call = operationCall(trimmed);
  if (call !== null) return { kind: "operation", call };
  const [word = ""] = trimmed.split(/\s+/);
  const places = networkPlaces();
  const place = places.get(trimmed);
  if (place !== undefined) return { kind: "path", place };
  if (places.has(word)) throw new RangeError(`${word} is a path of ${places.get(word)?.network}, whose shapes are fixed: give it alone`);
  throw new UnknownTargetError(`nothing is called ${word}`, [...equations.keys(), ...operations.keys(), ...places.keys()]);
}
