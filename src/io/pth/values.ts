/** What a pickle of a `.pth` file says, as inert data: nothing of it has behaviour, and nothing of it is run. */
import type { Shape } from "../../tensor/tensor.ts";
import type { Dtype } from "../weights/stored.ts";

/** A number is an int or a float of Python; ints beyond 2⁵³ are bigints. */
export type Value = null | boolean | number | bigint | string | Uint8Array | Tuple | List | Dict | Global | Instance | Storage | PthTensor;

/** A tuple of Python. */
export interface Tuple {
  /** Tells it from other values. */
  readonly kind: "tuple";
  /** In order. */
  readonly items: readonly Value[];
}

/** Grows while it is read. */
export interface List {
  /** Tells it from other values. */
  readonly kind: "list";
  /** In order. */
  readonly items: Value[];
}

/** Grows while it is read; in the order of its writing. */
export interface Dict {
  /** Tells it from other values. */
  readonly kind: "dict";
  /** Keys and values; a key is a text in most files. */
  readonly entries: Map<Value, Value>;
}

/** A name of the allow-list (globals.ts), such as `torch.FloatStorage`. */
export interface Global {
  /** Tells it from other values. */
  readonly kind: "global";
  /** Module and name: `torch.float32`. */
  readonly name: string;
}

/** An object of a class that is kept as its name and what it was made from: `argparse.Namespace`. */
export interface Instance {
  /** Tells it from other values. */
  readonly kind: "instance";
  /** Module and name of its class. */
  readonly of: string;
  /** The dictionary of its attributes; null: it has none. */
  state: Value;
}

/** A block of numbers of the file, which tensors share. */
export interface Storage {
  /** Tells it from other values. */
  readonly kind: "storage";
  /** What its numbers are stored as. */
  readonly dtype: Dtype;
  /** Its name in the file. */
  readonly key: string;
  /** Numbers in it. */
  readonly length: number;
}

/** A view of a storage. It lies within it. */
export interface PthTensor {
  /** Tells it from other values. */
  readonly kind: "tensor";
  /** The block that its numbers lie in. */
  readonly storage: Storage;
  /** Of the first number; this and the strides count numbers. */
  readonly offset: number;
  /** Axis lengths, outermost first. */
  readonly shape: Shape;
  /** From one index of an axis to the next, in numbers of the storage. */
  readonly strides: readonly number[];
}

/** The kinds of values that are objects: `tensor`, `dict` and so on. */
type Kind = Extract<Value, { readonly kind: string }>["kind"];

/** Whether a value is of that kind. */
export const isA = <K extends Kind>(value: Value | undefined, kind: K): value is Extract<Value, { readonly kind: K }> =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === kind;

/** A length, an offset or a stride. */
export const isNatural = (value: Value | undefined): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** `a tuple`, as an error message names a value. */
export function described(value: Value | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (value instanceof Uint8Array) return "bytes";
  if (typeof value === "object") return value.kind === "instance" ? `an object of ${value.of}` : `a ${value.kind}`;
  return typeof value === "string" ? "a text" : typeof value === "boolean" ? "a truth value" : "a number";
}
