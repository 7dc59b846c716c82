/** Storages as torch pickles them: blocks of numbers in the file, outside the pickle, which names them. */
import type { FormatError } from "../formatError.ts";
import type { Dtype } from "../weights/stored.ts";
import { described, isA, isNatural, type Storage, type Value } from "./values.ts";

/** Makes an error that names the current opcode. */
export type Wrong = (what: string) => FormatError;

/** The dtype of each storage class. */
export const STORAGE_DTYPES: ReadonlyMap<string, Dtype> = new Map([
  ["torch.DoubleStorage", "F64"],
  ["torch.FloatStorage", "F32"],
  ["torch.HalfStorage", "F16"],
  ["torch.BFloat16Storage", "BF16"],
  ["torch.LongStorage", "I64"],
  ["torch.IntStorage", "I32"],
  ["torch.ByteStorage", "U8"],
  ["torch.BoolStorage", "BOOL"],
]);

/**
 * The storage of a persistent id, `("storage", class, key, location, numbers)`. The legacy form adds a view, which is None since torch 0.4.
 * The location, such as `cuda:0`, is ignored.
 *
 * @throws the error of `wrong`
 */
export function storageOf(id: Value | undefined, wrong: Wrong): Storage {
  if (!isA(id, "tuple") || id.items[0] !== "storage") throw wrong('must name a storage: ("storage", class, key, location, numbers)');
  const [, of, key, location, length, view = null] = id.items;
  const dtype = isA(of, "global") ? STORAGE_DTYPES.get(of.name) : undefined;
  if (dtype === undefined) throw wrong(`needs the class of a storage, got ${isA(of, "global") ? of.name : described(of)}`);
  if (typeof key !== "string" || typeof location !== "string") throw wrong("needs a storage's key and location as strings");
  if (!isNatural(length)) throw wrong(`needs the count of the storage's numbers, got ${described(length)}`);
  if (view !== null) throw wrong("names a view of a storage, which only torch before 0.4 wrote");
  return { kind: "storage", dtype, key, length };
}
