/** Reads ranges of a file of any size. The file is not kept open between reads, so there is nothing to close. */
import { closeSync, fstatSync, openSync, readSync, type BigIntStats } from "node:fs";
import { allocated, checkRange, type ByteSource } from "./byteSource.ts";

/** Bytes of one system call, which reads at most 2 GiB. */
const MOST_AT_ONCE = 2 ** 30;

function withFile<T>(path: string, use: (file: number, about: BigIntStats) => T): T {
  const file = openSync(path, "r");
  try {
    return use(file, fstatSync(file, { bigint: true }));
  } finally {
    closeSync(file);
  }
}

/** Equal texts mean that the file has neither been changed nor replaced. */
const identityOf = ({ dev, ino, size, mtimeNs }: BigIntStats): string => [dev, ino, size, mtimeNs].join(" ");

/** Fills the array with the file's bytes, beginning with byte `offset`. */
function fill(path: string, file: number, offset: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    const count = readSync(file, bytes, done, Math.min(MOST_AT_ONCE, bytes.length - done), offset + done);
    if (count === 0) throw new RangeError(`${path} ends at byte ${offset + done}: it has become shorter`);
    done += count;
  }
}

/**
 * A source of a file's bytes.
 *
 * @throws Error of node:fs for a path that cannot be opened; RangeError for something other than a file. Its `read` throws the same, and
 * RangeError if the file has changed since.
 */
export function fileBytes(path: string): ByteSource {
  const { identity, size } = withFile(path, (_, about) => {
    if (!about.isFile()) throw new RangeError(`${path} is no file that can be read from any byte on`);
    return { identity: identityOf(about), size: Number(about.size) };
  });
  return {
    size,
    read: (offset, length) => {
      checkRange(offset, length, size);
      return withFile(path, (file, about) => {
        if (identityOf(about) !== identity) throw new RangeError(`${path} has changed since it was opened`);
        const bytes = allocated(length);
        fill(path, file, offset, bytes);
        return bytes;
      });
    },
  };
}
