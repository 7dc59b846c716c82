/**
 * The form of `.pth` files since torch 1.6: a zip archive with one folder, whose name the writer chooses.
 *
 *   FOLDER/data.pkl     the pickle
 *   FOLDER/data/KEY     the bytes of each storage
 *   FOLDER/byteorder    "little"; older files have none
 */
import { quoted, type FormatError, type Refuse } from "../formatError.ts";
import { bytesIn } from "../weights/stored.ts";
import { zipBytes, zipMembers, type ZipMember } from "../archive/zip.ts";
import { unpickle } from "./unpickle.ts";
import type { Storage, Value } from "./values.ts";

/** The pickled value of a file, and access to the bytes of the storages that it names. */
export interface Contents {
  readonly value: Value;
  readonly bytesOf: (storage: Storage) => Uint8Array;
}

const PICKLE = "data.pkl";

/** Whether a file begins like a zip archive, with `PK`. */
export const isZip = (file: Uint8Array): boolean => file[0] === 0x50 && file[1] === 0x4b;

/** The member that holds the pickle, and its folder with the slash. */
function pickleOf(members: readonly ZipMember[], refuse: Refuse): readonly [ZipMember, string] {
  const pickles = members.filter(({ name }) => name.endsWith(`/${PICKLE}`) && name.split("/").length === 2);
  const [pickle, second] = pickles;
  if (pickle === undefined) throw refuse(0, `an archive of torch.save must have FOLDER/${PICKLE}`);
  if (second !== undefined) throw refuse(second.begin, `${quoted(second.name)} is a second pickle, after ${quoted(pickle.name)}`);
  return [pickle, pickle.name.slice(0, -PICKLE.length)];
}

/**
 * Reads a whole file.
 *
 * @param limit the most bytes that all members together may take
 * @throws the error of `refuse`; the position of a byte of the pickle counts from the start of that member
 */
export function readZipForm(file: Uint8Array, limit: number, refuse: Refuse): Contents {
  const members = zipMembers(file, refuse);
  const total = members.reduce((sum, { length }) => sum + length, 0);
  if (total > limit) throw refuse(0, `the members may take ${limit} bytes, but claim ${total}`);
  const [pickle, folder] = pickleOf(members, refuse);
  const named = new Map(members.map((member) => [member.name, member]));

  const order = named.get(`${folder}byteorder`);
  const text = order === undefined ? "little" : new TextDecoder().decode(zipBytes(file, order, refuse));
  if (order !== undefined && text !== "little") throw refuse(order.begin, `the byte order must be "little", got ${quoted(text)}`);

  const inPickle = (offset: number, rule: string): FormatError => refuse(offset, `${quoted(pickle.name)}: ${rule}`);
  const { value, storages } = unpickle(zipBytes(file, pickle, refuse), 0, inPickle);
  for (const { key, dtype, length } of storages.values()) {
    const member = named.get(`${folder}data/${key}`);
    if (member === undefined) throw refuse(0, `the archive has no ${quoted(`${folder}data/${key}`)}, which the pickle names`);
    const wanted = bytesIn(dtype, [length]);
    if (member.length !== wanted)
      throw refuse(member.begin, `${quoted(member.name)} must have ${wanted} bytes (${length} of ${dtype}), got ${member.length}`);
  }
  const checked = new Map<string, Uint8Array>(); // many tensors may share a storage, whose checksum is computed once
  const bytesOf = ({ key }: Storage): Uint8Array => {
    const member = named.get(`${folder}data/${key}`);
    if (member === undefined) throw refuse(0, `the archive has no storage ${quoted(key)}`);
    const bytes = checked.get(key) ?? zipBytes(file, member, refuse);
    checked.set(key, bytes);
    return bytes;
  };
  return { value, bytesOf };
}
