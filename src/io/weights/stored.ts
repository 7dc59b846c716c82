/** Tensors as files store them, in every dtype. */
import { show, size, type Shape } from "../../tensor/tensor.ts";
import { widenBrainHalf, widenHalf } from "../../tensor/half.ts";

/** A tensor of one dtype. */
interface Of<Dtype, Data> {
  /** How the numbers are stored. */
  readonly dtype: Dtype;
  /** Axis lengths, outermost first; [] is a scalar. */
  readonly shape: Shape;
  /** Row-major. */
  readonly data: Data;
}

/** A tensor of a file. Reading and writing keep every bit. */
export type Stored =
  | Of<"F64", Float64Array>
  | Of<"F32", Float32Array>
  /** The 16-bit words; `numbersOf` widens them. */
  | Of<"F16" | "BF16", Uint16Array>
  | Of<"I64", BigInt64Array>
  | Of<"I32", Int32Array>
  /** A BOOL is 0 or 1. */
  | Of<"U8" | "BOOL", Uint8Array>;

/** A tensor to be written to a file. */
export type Writable = Stored;

/** How numbers are stored, by the names of safetensors. */
export type Dtype = Stored["dtype"];

/** How a dtype is stored. */
export interface Format {
  /** Bytes of one number. */
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

/** The number of bytes of a tensor; null if it is above 2⁵³ − 1. */
export function bytesIn(dtype: Dtype, shape: Shape): number | null {
  let product = FORMATS[dtype].bytes;
  for (const length of shape) {
    product *= length;
    if (!Number.isSafeInteger(product)) return null;
  }
  return product;
}

/** The first index of a BOOL that is neither 0 nor 1; −1 if there is none. */
export const notBool = (dtype: Dtype, data: Stored["data"]): number =>
  dtype === "BOOL" && data instanceof Uint8Array ? data.findIndex((byte) => byte > 1) : -1;

/**
 * The bytes of a tensor, as a view, for writing.
 *
 * @param what names the tensor at the beginning of an error
 * @throws RangeError if the shape does not fit the count of numbers, or a BOOL is neither 0 nor 1
 */
export function viewOf(what: string, { dtype, shape, data }: Stored): Uint8Array {
  if (size(shape) !== data.length)
    throw new RangeError(`${what} must have ${size(shape)} numbers (from ${show(shape)}), got ${data.length}`);
  const bad = notBool(dtype, data);
  if (bad >= 0) throw new RangeError(`${what} must have BOOLs of 0 or 1, got ${data[bad]} at ${bad}`);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The numbers of any dtype as f64. An I64 beyond 2⁵³ loses its last bits. */
export function numbersOf({ dtype, data }: Stored): Float64Array {
  if (dtype === "I64") return Float64Array.from(data, Number);
  if (dtype === "F16") return widenHalf(data);
  if (dtype === "BF16") return widenBrainHalf(data);
  return Float64Array.from(data);
}
