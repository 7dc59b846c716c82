/**
 * The form of `.pth` files before torch 1.6: several pickles, then the storages.
 *
 *   a pickle of the number 0x1950a86a20f9469cfc6c
 *   a pickle of the version 1001
 *   a pickle of a dictionary that describes the writer's machine, such as its byte order
 *   the pickle
 *   a pickle of the list of the storages' keys
 *   for each key: the count of numbers as i64, then their bytes
 */
import { quoted, type Refuse } from "../formatError.ts";
import { bytesIn } from "../weights/stored.ts";
import { unpickle } from "./unpickle.ts";
import { isA, type Storage, type Value } from "./values.ts";
import type { Contents } from "./zipForm.ts";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;

/** The opcode that every pickle begins with. */
const PROTO = 0x80;

export const isLegacy = (file: Uint8Array): boolean => file[0] === PROTO;

/** The byte at which the numbers of each storage begin, by key. */
function storagesAt(
  file: Uint8Array,
  start: number,
  keys: readonly Value[],
  storages: ReadonlyMap<string, Storage>,
  refuse: Refuse,
): ReadonlyMap<string, number> {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const places = new Map<string, number>();
  let at = start;
  for (const key of keys) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    if (storage === undefined)
      throw refuse(at, `a storage key is ${typeof key === "string" ? quoted(key) : "not a string"}, which the pickle does not name`);
    if (places.has(storage.key)) throw refuse(at, `storage ${quoted(storage.key)} occurs twice`);
    const { dtype, length } = storage;
    const bytes = bytesIn(dtype, [length]);
    if (at + 8 > file.length) throw refuse(file.length, `the file is truncated: storage ${quoted(storage.key)} is missing`);
    const count = view.getBigInt64(at, true);
    if (count !== BigInt(length)) throw refuse(at, `storage ${quoted(storage.key)} must have ${length} numbers, got ${count}`);
    places.set(storage.key, at + 8);
    if (bytes === null || at + 8 + bytes > file.length)
      throw refuse(file.length, `the file is truncated: storage ${quoted(storage.key)} has ${length} of ${dtype}`);
    at += 8 + bytes;
  }
  const missing = [...storages.keys()].find((key) => !places.has(key));
  if (missing !== undefined) throw refuse(start, `the list of storages has no ${quoted(missing)}, which the pickle names`);
  if (at < file.length) throw refuse(at, `${file.length - at} bytes after the last storage belong to no storage`);
  return places;
}

/** Reads a whole file. @throws the error of `refuse` */
export function readLegacyForm(file: Uint8Array, refuse: Refuse): Contents {
  const magic = unpickle(file, 0, refuse);
  if (magic.value !== MAGIC) throw refuse(0, "a file of torch.save must begin with its magic number");
  const version = unpickle(file, magic.end, refuse);
  if (version.value !== VERSION) throw refuse(magic.end, `the version must be ${VERSION}`);
  const system = unpickle(file, version.end, refuse);
  if (!isA(system.value, "dict") || system.value.entries.get("little_endian") !== true)
    throw refuse(version.end, "the numbers must be little-endian");
  const { value, storages, end } = unpickle(file, system.end, refuse);
  const keys = unpickle(file, end, refuse);
  if (!isA(keys.value, "list")) throw refuse(end, "the keys of the storages must be a list");
  const places = storagesAt(file, keys.end, keys.value.items, storages, refuse);
  const bytesOf = ({ key, dtype, length }: Storage): Uint8Array => {
    const at = places.get(key) ?? 0;
    return file.subarray(at, at + (bytesIn(dtype, [length]) ?? 0));
  };
  return { value, bytesOf };
}
