/** The kinds of numbers that a file of tensors holds. */
import type { Shape } from "../tensor/tensor.ts";
import { widenBrainHalf, widenHalf } from "./half.ts";

interface Of<Dtype, Data> {
  readonly dtype: Dtype;
  readonly shape: Shape;
  /** Row-major. */
  readonly data: Data;
}

/** What can be written. */
export type Writable =
  | Of<"F64", Float64Array>
  | Of<"F32", Float32Array>
  | Of<"I64", BigInt64Array>
  | Of<"I32", Int32Array>
  | Of<"U8" | "BOOL", Uint8Array>;

/** What can be read: 16-bit numbers come widened to f32. */
export type Stored = Writable | Of<"F16" | "BF16", Float32Array>;

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
  F16: { bytes: 2, read: (shape, buffer) => ({ dtype: "F16", shape, data: widenHalf(new Uint16Array(buffer)) }) },
  BF16: { bytes: 2, read: (shape, buffer) => ({ dtype: "BF16", shape, data: widenBrainHalf(new Uint16Array(buffer)) }) },
  I64: { bytes: 8, read: (shape, buffer) => ({ dtype: "I64", shape, data: new BigInt64Array(buffer) }) },
  I32: { bytes: 4, read: (shape, buffer) => ({ dtype: "I32", shape, data: new Int32Array(buffer) }) },
  U8: { bytes: 1, read: (shape, buffer) => ({ dtype: "U8", shape, data: new Uint8Array(buffer) }) },
  BOOL: { bytes: 1, read: (shape, buffer) => ({ dtype: "BOOL", shape, data: new Uint8Array(buffer) }) },
};

export const isDtype = (value: unknown): value is Dtype => typeof value === "string" && Object.hasOwn(FORMATS, value);

/** Any numbers as f64. I64 beyond 2⁵³ lose their last bits. */
export const numbersOf = ({ data }: Stored): Float64Array =>
  data instanceof BigInt64Array ? Float64Array.from(data, Number) : Float64Array.from(data);
