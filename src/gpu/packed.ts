/** What the package @sparticuz/chromium brings for Linux on x64, packed: unpacked once into node_modules/.cache. A dev dependency, it may be missing. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { sourceOf } from "../io/disk/source.ts";
import { tarFiles } from "../io/archive/tar.ts";

const PACKAGE = "@sparticuz/chromium";

/** Whether it is installed. */
export function hasPackage(): boolean {
  try {
    createRequire(import.meta.url).resolve(PACKAGE);
    return true;
  } catch {
    return false;
  }
}

/** Its files. */
const packed = (): string => join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), "../../bin");

/** The content of a file of the package that ends in .br. */
export const inflated = (name: string): Uint8Array => brotliDecompressSync(readFileSync(join(packed(), name)));

/** Unpacks an archive of the package. */
export function unpackTar(name: string, folder: string): void {
  const archive = inflated(name);
  for (const { name, begin, end } of tarFiles(sourceOf(archive))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), archive.subarray(begin, end));
  }
}

/**
 * The folder of that name, which `fill` fills if it is not there. Several processes may ask at once: each unpacks aside, and the first to be
 * done gives its folder the name.
 */
export function unpackedOnce(name: string, fill: (folder: string) => void): string {
  const { version }: { readonly version: string } = JSON.parse(readFileSync(join(packed(), "../package.json"), "utf8"));
  const folder = join(packed(), "../../..", ".cache/deit", `${name}-${version}`);
  if (existsSync(folder)) return folder;
  const aside = `${folder}.${process.pid}`;
  try {
    mkdirSync(aside, { recursive: true });
    fill(aside);
    renameSync(aside, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return folder;
}
