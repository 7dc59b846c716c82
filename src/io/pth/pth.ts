/**
 * Reads files of `torch.save`, in both forms, without running anything in them: the pickle is read as data, by a reader that knows a few names
 * and refuses every other (unpickle.ts).
 */
import { FormatError, quoted } from "../formatError.ts";
import { gathered } from "../numpy/strided.ts";
import { bytesIn, FORMATS, notBool, type Stored } from "../weights/stored.ts";
import { isLegacy, readLegacyForm } from "./legacyForm.ts";
import type { PthTensor, Value } from "./values.ts";
import { isZip, readZipForm } from "./zipForm.ts";

/** Thrown if a file breaks a rule of the format, or its pickle uses an opcode or a name that is not allowed. */
export class PthError extends FormatError {
  /** `PthError`. */
  override readonly name = "PthError";
  constructor(offset: number, rule: string) {
    super("pth", offset, rule);
  }
}

const refuse = (offset: number, rule: string): PthError => new PthError(offset, rule);

/** The contents of a file of torch.save, read by an allow-list; nothing is run. */
export interface Pth {
  /** The saved value. */
  readonly value: Value;
  /**
   * The numbers of tensors by name, copied, in row-major order.
   *
   * @throws PthError if they would take far more bytes than the file has, or a BOOL is neither 0 nor 1
   */
  readonly numbersOf: (tensors: ReadonlyMap<string, PthTensor>) => ReadonlyMap<string, Stored>;
}

/** Tensors may share numbers and repeat them, but together they may take at most this many times the file's bytes. */
const MOST_REPEATED = 8;
/** Bytes that a small file may take beyond that. */
const ALLOWANCE = 2 ** 24;

/**
 * Reads a whole file.
 *
 * @throws PthError naming the byte, the opcode if there is one, and the broken rule
 */
export function parsePth(file: Uint8Array): Pth {
  const limit = MOST_REPEATED * file.length + ALLOWANCE;
  if (!isZip(file) && !isLegacy(file))
    throw refuse(0, "a file of torch.save is a zip archive, or begins with the pickle of its magic number");
  const { value, bytesOf } = isZip(file) ? readZipForm(file, limit, refuse) : readLegacyForm(file, refuse);

  const read = (name: string, { storage, offset, shape, strides }: PthTensor): Stored => {
    const { dtype } = storage;
    const { bytes: width, read: make } = FORMATS[dtype];
    const layout = { shape, offset: width * offset, strides: strides.map((stride) => width * stride) };
    const own = gathered(bytesOf(storage), width, layout);
    const bad = notBool(dtype, own);
    if (bad >= 0) throw refuse(0, `tensor ${quoted(name)}: a BOOL must be 0 or 1, got ${own[bad]} at ${bad}`);
    return make(shape, own.buffer);
  };
  return {
    value,
    numbersOf: (tensors) => {
      let total = 0;
      for (const { storage, shape } of tensors.values()) total += bytesIn(storage.dtype, shape) ?? Infinity;
      if (total > limit) throw refuse(0, `the tensors may take ${limit} bytes, but claim ${total}`);
      return new Map([...tensors].map(([name, tensor]) => [name, read(name, tensor)]));
    },
  };
}
