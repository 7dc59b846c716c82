/**
 * A strict reader of tar archives: ustar, pax and GNU. Only headers are read; the result says where each file's bytes are.
 *
 *   each member   a header, then its bytes, padded to a whole block
 *   before it     x: pax records, `LENGTH KEY=VALUE\n`      L, K: a long GNU name of the member, or of what it links to
 *   the end       a block of zeros
 */
import { FormatError, quoted } from "../formatError.ts";
import type { Source } from "../disk/source.ts";
import { BLOCK, headerOf, isZero, textOf, type TarHeader } from "./tarHeader.ts";

/** A file that is not a tar archive. */
export class TarError extends FormatError {
  override readonly name = "TarError";
  constructor(offset: number, rule: string) {
    super("tar", offset, rule);
  }
}

/** A regular file of an archive, or a hard link to one. */
export interface TarMember {
  /** Its path in the archive, with `/` between folders. */
  readonly name: string;
  /** The path of the file that it links to; null: it is not a link. */
  readonly link: string | null;
  /** Its first byte in the archive; of a link, the byte after its header. */
  readonly begin: number;
  /** The byte after its last; of a link, `begin`. */
  readonly end: number;
}

/** A regular file of an archive. */
export interface TarFile {
  /** Its path in the archive, with `/` between folders. */
  readonly name: string;
  /** Its first byte in the archive. */
  readonly begin: number;
  /** The byte after its last. */
  readonly end: number;
}

const refuse = (offset: number, rule: string): TarError => new TarError(offset, rule);

/** The longest name and the longest pax records, in bytes. */
const LONGEST_NAME = 2 ** 16;
const GZIP = [0x1f, 0x8b];

/** Fields that replace those of the next header. */
type Override = Partial<Pick<TarHeader, "name" | "link" | "length">>;

/** @throws TarError */
function paxOf(bytes: Uint8Array, at: number): Override {
  let found: Override = {};
  for (let begin = 0; begin < bytes.length;) {
    const space = bytes.indexOf(0x20, begin);
    const length = space < 0 ? NaN : Number(textOf(bytes.subarray(begin, space)));
    const record = new TextDecoder().decode(bytes.subarray(space + 1, begin + length - 1));
    const equals = record.indexOf("=");
    if (
      !(
        Number.isInteger(length) &&
        begin + length <= bytes.length &&
        bytes[begin + length - 1] === 0x0a &&
        space < begin + length &&
        equals > 0
      )
    )
      throw refuse(at + begin, "a pax record must be LENGTH KEY=VALUE and a line end");
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
    if (key === "path") found = { ...found, name: value };
    if (key === "linkpath") found = { ...found, link: value };
    if (key === "size") {
      if (!/^\d+$/.test(value)) throw refuse(at + begin, `the size must be a number, got ${quoted(value)}`);
      found = { ...found, length: Number(value) };
    }
    if (key.startsWith("GNU.sparse.")) throw refuse(at + begin, "sparse files are not read");
    begin += length;
  }
  return found;
}

/** What a special member says about the next member; null: this is an ordinary member. */
function overrideOf(source: Source, { type, length }: TarHeader, at: number): Override | null {
  if (!"xLK".includes(type)) return null;
  if (length > LONGEST_NAME) throw refuse(at, `a name may have ${LONGEST_NAME} bytes, got ${length}`);
  const begin = at + BLOCK;
  const bytes = source.read(begin, begin + length);
  if (bytes.length < length) throw refuse(source.length, "the file is truncated");
  if (type === "x") return paxOf(bytes, begin);
  return type === "L" ? { name: textOf(bytes) } : { link: textOf(bytes) };
}

/** Links, devices and folders: no bytes follow, whatever size they give. */
const EMPTY = "123456";
/** Members that are not files: symbolic links, devices, folders, global pax records, the name of a volume. */
const SKIPPED = "23456gV";

/** Whether a path would lead out of the folder in which an archive is unpacked. */
const leavesFolder = (name: string): boolean => name.startsWith("/") || name.split("/").includes("..");

const normal = (name: string): string =>
  name
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");

/** The file or the link that a header stands for; null: neither, and it is skipped. */
function memberOf({ name: path, type, link }: TarHeader, begin: number, end: number, at: number): TarMember | null {
  if (SKIPPED.includes(type)) return null;
  if (!"017".includes(type)) throw refuse(at + 156, `${quoted(normal(path))} is of the unknown type ${quoted(type)}`);
  if (type !== "1" && path.endsWith("/")) return null; // a folder in archives from before POSIX
  if (leavesFolder(path)) throw refuse(at, `the name ${quoted(path)} leads out of the archive's own folder`);
  return { name: normal(path), link: type === "1" ? normal(link) : null, begin, end };
}

/**
 * The regular files and hard links of an archive, in its order, header by header. Symbolic links, folders and devices are skipped.
 *
 * @throws TarError that names the byte, also for a name that is absolute or contains `..`
 */
export function* tarMembers(source: Source): Generator<TarMember, void> {
  let override: Override = {};
  let at = 0;
  for (;;) {
    const block = source.read(at, at + BLOCK);
    if (block.length < BLOCK) throw refuse(source.length, "the file is truncated, or not a tar archive: it must end with a block of zeros");
    if (isZero(block)) return;
    if (at === 0 && GZIP.every((byte, i) => block[i] === byte)) throw refuse(0, "the archive is compressed; gunzip it first");
    const raw = headerOf(block, at, refuse);
    const own = overrideOf(source, raw, at);
    const header = own === null ? { ...raw, ...override } : raw;
    override = own === null ? {} : { ...override, ...own };
    const begin = at + BLOCK;
    const end = begin + (EMPTY.includes(header.type) ? 0 : header.length);
    if (end > source.length) throw refuse(source.length, `the file is truncated: ${quoted(header.name)} ends at byte ${end}`);
    const member = own === null ? memberOf(header, begin, end, at) : null;
    if (member !== null) yield member;
    at = begin + Math.ceil((end - begin) / BLOCK) * BLOCK;
  }
}

/**
 * The regular files of an archive, in its order; a hard link stands for the file that it links to. Of two files of the same name the later one
 * counts, as when the archive is unpacked.
 *
 * @throws TarError as `tarMembers` does, and for a link to a file that does not precede it
 */
export function tarFiles(source: Source): readonly TarFile[] {
  const files = new Map<string, TarFile>();
  for (const { name, link, begin, end } of tarMembers(source)) {
    const target = link === null ? { begin, end } : files.get(link);
    if (target === undefined) throw danglingLink(name, link, begin);
    files.delete(name); // so that the order is that of the last one
    files.set(name, { name, begin: target.begin, end: target.end });
  }
  return [...files.values()];
}

/** The error for a hard link to a file that does not precede it. */
export const danglingLink = (name: string, link: string | null, begin: number): TarError =>
  refuse(begin - BLOCK, `${quoted(name)} is a hard link to ${quoted(link ?? "")}, which does not precede it`);
