/**
 * numpy's files of one array (NEP 1): the header (`npyHeader.ts`), then the numbers.
 *
 * Versions 1.0 to 3.0 can be read, in both byte orders, in C and Fortran order, of the kinds f8, f4, f2, i8, i4, u1 and b1. Files are written in
 * version 1.0, little-endian, in C order, byte for byte as numpy 2 writes them. Objects and records are refused: no code in a file is run.
 */
import { size } from "../../tensor/tensor.ts";
import { FormatError, quoted, shapeText, type Refuse } from "../formatError.ts";
import { readHeader, writeHeader } from "./npyHeader.ts";
import { gathered, rowMajorStrides } from "./strided.ts";
import { bytesIn, FORMATS, notBool, numbersOf, viewOf, type Dtype, type Stored } from "../weights/stored.ts";

/** A file that breaks a rule of npy or npz. For npz `rule` begins with the member's name, and `offset` counts in the inflated member. */
export class NpyError extends FormatError {
  /** `NpyError`. */
  override readonly name = "NpyError";
  constructor(offset: number, rule: string) {
    super("npy", offset, rule);
  }
}

/** numpy's kinds; numpy has none for BF16. */
const KINDS: readonly (readonly [dtype: Dtype, kind: string])[] = [
  ["F64", "f8"],
  ["F32", "f4"],
  ["F16", "f2"],
  ["I64", "i8"],
  ["I32", "i4"],
  ["U8", "u1"],
  ["BOOL", "b1"],
];

interface Kind {
  readonly dtype: Dtype;
  readonly bigEndian: boolean;
}

/** Parses `descr`; null: a kind that cannot be read. */
function kindOf(descr: string): Kind | null {
  const dtype = KINDS.find(([, kind]) => descr.slice(1) === kind)?.[0];
  const order = descr[0];
  if (dtype === undefined || order === undefined) return null;
  const orders = FORMATS[dtype].bytes === 1 ? "|<>" : "<>";
  return orders.includes(order) ? { dtype, bigEndian: order === ">" } : null;
}

/** Reverses the bytes of each number, in place. */
function swap(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

/** Reads a file of one array; `refuse` makes the errors. */
export function readNpy(bytes: Uint8Array, refuse: Refuse): Stored {
  const { descr, fortran, shape, at, length } = readHeader(bytes, refuse);
  const kind = kindOf(descr);
  if (kind === null)
    throw refuse(at.descr, `descr must be < or > and one of ${KINDS.map(([, kind]) => kind).join(", ")}, got ${quoted(descr)}`);
  const { dtype, bigEndian } = kind;
  const wanted = bytesIn(dtype, shape);
  if (wanted === null) throw refuse(at.shape, `${shapeText(shape)} of ${dtype} takes more than 2^53 − 1 bytes`);
  const end = length + wanted;
  if (bytes.length < end) throw refuse(bytes.length, `the file is truncated: ${shapeText(shape)} of ${dtype} ends at byte ${end}`);
  if (bytes.length > end) throw refuse(end, `${bytes.length - end} bytes after the array belong to nothing`);
  const width = FORMATS[dtype].bytes;
  const data = bytes.subarray(length);
  const bad = notBool(dtype, data);
  if (bad >= 0) throw refuse(length + bad, `a BOOL must be 0 or 1, got ${data[bad]}`);
  const columnMajor = shape.map((_, axis) => width * size(shape.slice(0, axis)));
  const own = gathered(data, width, { shape, offset: 0, strides: fortran ? columnMajor : rowMajorStrides(shape, width) });
  if (bigEndian && width > 1) swap(own, width);
  return FORMATS[dtype].read(shape, own.buffer);
}

/**
 * Reads a file of one array; the numbers are copies, in row-major order.
 *
 * @throws NpyError that names the byte and the broken rule
 */
export const parseNpy = (bytes: Uint8Array): Stored => readNpy(bytes, (offset, rule) => new NpyError(offset, rule));

/**
 * Writes a file of this array; equal arguments give equal bytes. BF16, which numpy does not have, becomes F32 without rounding.
 *
 * @throws RangeError for a shape that does not fit its numbers, or a BOOL that is not 0 or 1
 */
export function writeNpy(stored: Stored): Uint8Array {
  const { dtype, shape } = stored;
  if (dtype === "BF16") return writeNpy({ dtype: "F32", shape, data: Float32Array.from(numbersOf(stored)) });
  const data = viewOf("writeNpy: the array", stored);
  const kind = KINDS.find(([of]) => of === dtype)?.[1] ?? "";
  const header = writeHeader(`${FORMATS[dtype].bytes === 1 ? "|" : "<"}${kind}`, shape);
  const bytes = new Uint8Array(header.length + data.length);
  bytes.set(header);
  bytes.set(data, header.length);
  return bytes;
}
