/** numpy's files of several arrays: zip archives of `NAME.npy`, as `numpy.savez` and `numpy.savez_compressed` write them. */
import { Zip, ZipPassThrough, zipSync } from "fflate";
import { quoted } from "../formatError.ts";
import { NpyError, readNpy, writeNpy } from "./npy.ts";
import type { Stored } from "../weights/stored.ts";
import { zipBytes, zipMembers } from "../archive/zip.ts";

const SUFFIX = ".npy";
/** The largest number of a 32-bit field. */
const LONGEST = 2 ** 32 - 1;
/** The first day of the zip format. Times in it are local, so this is read anew at each call. */
const firstDay = (): Date => new Date(1980, 0, 1);

/**
 * Reads a whole file; the arrays are copies, in the archive's order.
 *
 * @param limit the bytes that all arrays may take together; larger files are refused before anything is inflated
 * @throws NpyError that names the byte and the broken rule
 */
export function parseNpz(bytes: Uint8Array, { limit = LONGEST }: { readonly limit?: number } = {}): ReadonlyMap<string, Stored> {
  const refuse = (offset: number, rule: string): NpyError => new NpyError(offset, rule);
  const members = zipMembers(bytes, refuse);
  const total = members.reduce((sum, { length }) => sum + length, 0);
  if (total > limit) throw refuse(0, `the arrays may take ${limit} bytes, they claim ${total}`);
  const arrays = new Map<string, Stored>();
  for (const member of members) {
    const { name, begin } = member;
    if (!name.endsWith(SUFFIX)) throw refuse(begin, `a member must be called NAME${SUFFIX}, got ${quoted(name)}`);
    const file = zipBytes(bytes, member, refuse);
    arrays.set(
      name.slice(0, -SUFFIX.length),
      readNpy(file, (offset, rule) => refuse(offset, `${quoted(name)}: ${rule}`)),
    );
  }
  return arrays;
}

/**
 * Writes a file of these arrays in this order; equal arguments give equal bytes. BF16, which numpy does not have, becomes F32 without rounding.
 *
 * @param compress whether the arrays are deflated
 * @throws RangeError for a shape that does not fit its numbers, a BOOL that is not 0 or 1, or more than 4 GB
 */
export function writeNpz(tensors: ReadonlyMap<string, Stored>, { compress = false }: { readonly compress?: boolean } = {}): Uint8Array {
  const members = [...tensors].map(([name, stored]): [string, Uint8Array] => [`${name}${SUFFIX}`, writeNpy(stored)]);
  const total = members.reduce((sum, [, { length }]) => sum + length, 0);
  if (total > LONGEST) throw new RangeError(`writeNpz: the arrays may take ${LONGEST} bytes, got ${total}`);
  return zipSync(Object.fromEntries(members), { level: compress ? 6 : 0, mtime: firstDay() });
}

/**
 * Writes such a file without compression, piece by piece, for arrays too large to be in memory twice; equal arguments give equal bytes.
 *
 * @throws RangeError for a shape that does not fit its numbers, a BOOL that is not 0 or 1, or more than 4 GB
 */
export function* npzPieces(tensors: Iterable<readonly [name: string, array: Stored]>): Generator<Uint8Array, void> {
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, piece) => {
    if (error !== null) throw error;
    ready.push(piece);
  });
  let total = 0;
  for (const [name, stored] of tensors) {
    const file = writeNpy(stored);
    total += file.length;
    if (total > LONGEST) throw new RangeError(`npzPieces: the arrays may take ${LONGEST} bytes, got ${total} up to ${name}`);
    const member = new ZipPassThrough(`${name}${SUFFIX}`);
    member.mtime = firstDay();
    zip.add(member);
    member.push(file, true);
    yield* ready.splice(0);
  }
  zip.end();
  yield* ready.splice(0);
}
