/** The values in the pickle of a `.pth` file, as inert data without behaviour; nothing is run. */
import type { Shape } from "../../tensor/tensor.ts";
import type { Dtype } from "../weights/stored.ts";

/** A value of Python. A number is an int or a float; ints beyond 2⁵³ are bigints. */
export type Value = null | boolean | number | bigint | string | Uint8Array | Tuple | List | Dict | Global | Instance | Storage | PthTensor;

/** A Python tuple. */
export interface Tuple {
  /** The kind of value. */
  readonly kind: "tuple";
  /** In order. */
  readonly items: readonly Value[];
}

/** A Python list, which grows while it is read. */
export interface List {
  /** The kind of value. */
  readonly kind: "list";
  /** In order. */
  readonly items: Value[];
}

/** A Python dict, which grows while it is read; its entries are in the order of the file. */
export interface Dict {
  /** The kind of value. */
  readonly kind: "dict";
  /** Keys and values; in most files the keys are strings. */
  readonly entries: Map<Value, Value>;
}

/** A name of the allow-list (globals.ts), such as `torch.FloatStorage`. */
export interface Global {
  /** The kind of value. */
  readonly kind: "global";
  /** Module and name: `torch.float32`. */
  readonly name: string;
}

/** An object, kept as the name of its class and its attributes: `argparse.Namespace`. */
export interface Instance {
  /** The kind of value. */
  readonly kind: "instance";
  /** Module and name of its class. */
  readonly of: string;
  /** The dictionary of its attributes; null if it has none. */
  state: Value;
}

/** A block of numbers in the file, which tensors may share. */
export interface Storage {
  /** The kind of value. */
  readonly kind: "storage";
  /** The dtype of its numbers. */
  readonly dtype: Dtype;
  /** Its key in the file. */
  readonly key: string;
  /** How many numbers it has. */
  readonly length: number;
}

/** A view of a storage, checked to lie within it. */
export interface PthTensor {
  /** The kind of value. */
  readonly kind: "tensor";
  /** The block that holds its numbers. */
  readonly storage: Storage;
  /** The index of its first number in the storage. */
  readonly offset: number;
  /** Axis lengths, outermost first. */
  readonly shape: Shape;
  /** The distance from one index of an axis to the next, counted in numbers. */
  readonly strides: readonly number[];
}

/** The kinds of values that are objects: `tensor`, `dict` and so on. */
type Kind = Extract<Value, { readonly kind: string }>["kind"];

/** Whether a value is an object of that kind. */
export const isA = <K extends Kind>(value: Value | undefined, kind: K): value is Extract<Value, { readonly kind: K }> =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === kind;

/** Whether a value can be a length, an offset or a stride: an integer ≥ 0. */
export const isNatural = (value: Value | undefined): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** `a tuple`, as an error message names a value. */
export function described(value: Value | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (value instanceof Uint8Array) return "bytes";
  if (typeof value === "object") return value.kind === "instance" ? `an object of ${value.of}` : `a ${value.kind}`;
  return typeof value === "string" ? "a string" : typeof value === "boolean" ? "a bool" : "a number";
}
