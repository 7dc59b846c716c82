/** The kinds of numbers that a file of tensors holds. */
import type { Shape } from "../tensor/tensor.ts";
import { widenBrainHalf, widenHalf } from "./half.ts";

interface Of<Dtype, Data> {
  readonly dtype: Dtype;
  readonly shape: Shape;
  /** Row-major. */
  readonly data: Data;
}

/** A tensor of a file, bit for bit: reading and writing lose nothing. */
export type Stored =
  | Of<"F64", Float64Array>
  | Of<"F32", Float32Array>
  /** The words of 16 bits; `numbersOf` widens them. */
  | Of<"F16" | "BF16", Uint16Array>
  | Of<"I64", BigInt64Array>
  | Of<"I32", Int32Array>
  /** A BOOL is 0 or 1. */
  | Of<"U8" | "BOOL", Uint8Array>;

/** A tensor on its way to a file. */
export type Writable = Stored;

export type Dtype = Stored["dtype"];

export interface Format {
  /** Of one number. */
  readonly bytes: number;
  /** `buffer` holds the tensor's bytes and nothing else. */
  readonly read: (shape: Shape, buffer: ArrayBuffer) => Stored;
}

export const FORMATS: { readonly [D in Dtype]: Format } = {
  F64: { bytes: 8, read: (shape, buffer) => ({ dtype: "F64", shape, data: new Float64Array(buffer) }) },
  F32: { bytes: 4, read: (shape, buffer) => ({ dtype: "F32", shape, data: new Float32Array(buffer) }) },
  F16: { bytes: 2, read: (shape, buffer) => ({ dtype: "F16", shape, data: new Uint16Array(buffer) }) },
  BF16: { bytes: 2, read: (shape, buffer) => ({ dtype: "BF16", shape, data: new Uint16Array(buffer) }) },
  I64: { bytes: 8, read: (shape, buffer) => ({ dtype: "I64", shape, data: new BigInt64Array(buffer) }) },
  I32: { bytes: 4, read: (shape, buffer) => ({ dtype: "I32", shape, data: new Int32Array(buffer) }) },
  U8: { bytes: 1, read: (shape, buffer) => ({ dtype: "U8", shape, data: new Uint8Array(buffer) }) },
  BOOL: { bytes: 1, read: (shape, buffer) => ({ dtype: "BOOL", shape, data: new Uint8Array(buffer) }) },
};

export const isDtype = (value: unknown): value is Dtype => typeof value === "string" && Object.hasOwn(FORMATS, value);

/** The first index of a tensor of BOOL that is neither 0 nor 1; −1: there is none. */
export const notBool = ({ dtype, data }: Stored): number => (dtype === "BOOL" ? data.findIndex((byte) => byte > 1) : -1);

/** Any numbers as f64. I64 beyond 2⁵³ lose their last bits. */
export function numbersOf({ dtype, data }: Stored): Float64Array {
  if (dtype === "I64") return Float64Array.from(data, Number);
  if (dtype === "F16") return widenHalf(data);
  if (dtype === "BF16") return widenBrainHalf(data);
  return Float64Array.from(data);
}
