/**
 * A strict reader of zip archives (APPNOTE 6.3) with 64-bit sizes: the directory at the end of the file says what is in it.
 *
 *   each member   PK\3\4, its name, extra fields, then its bytes: stored or deflated
 *   directory     PK\1\2 for each member: name, CRC-32, sizes, and where it begins
 *   end           (PK\6\6 and PK\6\7 if 16 or 32 bits are too few,) PK\5\6: where the directory is
 */
import { inflateSync } from "fflate";
import { crc32 } from "../crc32.ts";
import { quoted, type Refuse } from "../formatError.ts";

/** A file in the archive. */
export interface ZipMember {
  readonly name: string;
  /** Its first byte in the archive. */
  readonly begin: number;
  /** The byte after its last. */
  readonly end: number;
  /** Its length after inflation, in bytes. */
  readonly length: number;
  readonly deflated: boolean;
  readonly crc: number;
}

const END = { signature: 0x06054b50, length: 22 };
const LONGEST_COMMENT = 0xffff;
const LOCATOR = { signature: 0x07064b50, length: 20 };
const END64 = { signature: 0x06064b50, length: 56 };
const ENTRY = { signature: 0x02014b50, length: 46 };
const LOCAL = { signature: 0x04034b50, length: 30 };
/** The value of a 32-bit field whose number is in a 64-bit field elsewhere. */
const ELSEWHERE = 0xffffffff;
const ENCRYPTED = 1;
const UTF8 = 1 << 11;
const [STORED, DEFLATED] = [0, 8];
/** The largest compression ratio of deflate. */
const MOST_INFLATED = 1032;

/** Bytes `begin` … `end − 1`. */
interface ByteRange {
  readonly begin: number;
  readonly end: number;
}

const u64 = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

function endOf(view: DataView, refuse: Refuse): number {
  const last = view.byteLength - END.length;
  for (let at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--)
    if (view.getUint32(at, true) === END.signature && view.getUint16(at + 20, true) === last - at) return at;
  throw refuse(view.byteLength, "the file is truncated, or not a zip archive: the end of its directory is missing");
}

/** Where the directory is, and how many members it has. */
function directoryOf(view: DataView, refuse: Refuse): ByteRange & { readonly members: number } {
  const end = endOf(view, refuse);
  const locator = end - LOCATOR.length;
  const large = locator >= 0 && view.getUint32(locator, true) === LOCATOR.signature;
  const from = large ? u64(view, locator + 8) : end;
  if (large && (from > locator - END64.length || view.getUint32(from, true) !== END64.signature))
    throw refuse(locator + 8, `the directory's end in 64 bits must be in the file, got byte ${from}`);
  const [members, length, begin] = large
    ? [u64(view, from + 32), u64(view, from + 40), u64(view, from + 48)]
    : [view.getUint16(end + 10, true), view.getUint32(end + 12, true), view.getUint32(end + 16, true)];
  if (begin + length !== from) throw refuse(from, `the directory must end at byte ${from}, got ${begin} + ${length}`);
  return { begin, end: from, members };
}

function nameOf(bytes: Uint8Array, at: number, flags: number, refuse: Refuse): string {
  const ascii = bytes.every((byte) => byte < 128);
  if (!ascii && (flags & UTF8) === 0) throw refuse(at, "a name must be ASCII or marked as UTF-8");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuse(at, "a name must be UTF-8");
  }
}

/** A member's sizes and position: those that the 32-bit fields do not hold are in an extra field of 64-bit numbers, in their order. */
function largeOf(view: DataView, { begin, end }: ByteRange, small: readonly number[], refuse: Refuse): readonly number[] {
  if (!small.includes(ELSEWHERE)) return small;
  for (let at = begin; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let from = at + 4;
    const large = small.map((n) => {
      if (n !== ELSEWHERE) return n;
      from += 8;
      if (from > end) throw refuse(at, "the field of 64-bit sizes is too short");
      return u64(view, from - 8);
    });
    return large;
  }
  throw refuse(begin, "the field of 64-bit sizes is missing");
}

/** Reads the directory's entry at byte `at`. Also returns where the next entry and the member itself begin. */
function memberOf(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  directory: ByteRange,
  refuse: Refuse,
): readonly [ZipMember, number, number] {
  if (at + ENTRY.length > directory.end) throw refuse(at, "the directory is truncated");
  if (view.getUint32(at, true) !== ENTRY.signature) throw refuse(at, "a member of the directory must begin with PK\\1\\2");
  const [flags, method, crc] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true), view.getUint32(at + 16, true)];
  const [nameLength, extra, comment] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true), view.getUint16(at + 32, true)];
  const nameAt = at + ENTRY.length;
  const next = nameAt + nameLength + extra + comment;
  if (next > directory.end) throw refuse(at, "the directory is truncated");
  const name = nameOf(bytes.subarray(nameAt, nameAt + nameLength), nameAt, flags, refuse);
  if ((flags & ENCRYPTED) !== 0) throw refuse(at + 8, `${quoted(name)} is encrypted`);
  if (method !== STORED && method !== DEFLATED) throw refuse(at + 10, `${quoted(name)} must be stored or deflated, got method ${method}`);

  const extras = { begin: nameAt + nameLength, end: nameAt + nameLength + extra };
  const small = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  const [length = 0, packed = 0, local = 0] = largeOf(view, extras, small, refuse);
  if (local + LOCAL.length > directory.begin || view.getUint32(local, true) !== LOCAL.signature)
    throw refuse(at + 42, `${quoted(name)} must begin with PK\\3\\4 before the directory, got byte ${local}`);
  const begin = local + LOCAL.length + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const end = begin + packed;
  if (end > directory.begin) throw refuse(at + 20, `${quoted(name)} ends at byte ${end}, in the directory`);
  const again = bytes.subarray(local + LOCAL.length, local + LOCAL.length + view.getUint16(local + 26, true));
  if (nameOf(again, local + LOCAL.length, flags, refuse) !== name)
    throw refuse(local + LOCAL.length, `the member must have its name of the directory, ${quoted(name)}`);
  if (method === STORED ? length !== packed : length > MOST_INFLATED * packed)
    throw refuse(at + 24, `${quoted(name)} cannot have ${length} bytes of ${packed}`);
  return [{ name, begin, end, length, deflated: method === DEFLATED, crc }, next, local];
}

/**
 * The members of an archive, in the directory's order. No name occurs twice, and no two members overlap.
 *
 * @throws what `refuse` makes
 */
export function zipMembers(bytes: Uint8Array, refuse: Refuse): readonly ZipMember[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const directory = directoryOf(view, refuse);
  const members = new Map<string, ZipMember>();
  const ranges: ByteRange[] = [];
  let at = directory.begin;
  while (at < directory.end) {
    const [member, next, begin] = memberOf(bytes, view, at, directory, refuse);
    if (members.has(member.name)) throw refuse(at, `${quoted(member.name)} is in the archive twice`);
    members.set(member.name, member);
    ranges.push({ begin, end: member.end });
    at = next;
  }
  if (members.size !== directory.members)
    throw refuse(directory.end, `the directory must have ${directory.members} members, it has ${members.size}`);
  let covered = 0;
  for (const { begin, end } of ranges.toSorted((a, b) => a.begin - b.begin)) {
    if (begin < covered) throw refuse(begin, "two members overlap");
    covered = end;
  }
  return [...members.values()];
}

/**
 * The bytes of a member: a view if they are stored, else inflated to exactly `length` bytes.
 *
 * @throws what `refuse` makes, if the bytes are not those that were packed
 */
export function zipBytes(archive: Uint8Array, { name, begin, end, length, deflated, crc }: ZipMember, refuse: Refuse): Uint8Array {
  const packed = archive.subarray(begin, end);
  const bytes = deflated ? inflated(packed, length) : packed;
  if (bytes === null) throw refuse(begin, `${quoted(name)} must inflate to ${length} bytes`);
  if (crc32(bytes) !== crc) throw refuse(begin, `the CRC-32 of ${quoted(name)} is not that of the directory`);
  return bytes;
}

/** Inflates; null: the bytes are not deflated, or do not inflate to this length. */
function inflated(packed: Uint8Array, length: number): Uint8Array | null {
  try {
    const bytes = inflateSync(packed, { out: new Uint8Array(length + 1) }); // one byte more, so that too many are noticed
    return bytes.length === length ? bytes : null;
  } catch {
    return null;
  }
}
