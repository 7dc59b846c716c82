/** The compressed binaries of the package @sparticuz/chromium, for Linux on x64, unpacked once into node_modules/.cache. It is a dev dependency, so it may be missing. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { sourceOf } from "../io/disk/source.ts";
import { tarFiles } from "../io/archive/tar.ts";

const PACKAGE = "@sparticuz/chromium";

/** Whether the package is installed. */
export function hasPackage(): boolean {
  try {
    createRequire(import.meta.url).resolve(PACKAGE);
    return true;
  } catch {
    return false;
  }
}

/** The folder of its compressed files. */
const packed = (): string => join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), "../../bin");

/** The content of a .br file of the package. */
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
 * The folder with that name, which `fill` fills if it does not exist. Several processes may ask for it at once: each fills a temporary folder, and
 * the first to finish renames its folder.
 */
export function unpackedOnce(name: string, fill: (folder: string) => void): string {
  const { version }: { readonly version: string } = JSON.parse(readFileSync(join(packed(), "../package.json"), "utf8"));
  const folder = join(packed(), "../../..", ".cache/deit", `${name}-${version}`);
  if (existsSync(folder)) return folder;
  const temporary = `${folder}.${process.pid}`;
  try {
    mkdirSync(temporary, { recursive: true });
    fill(temporary);
    renameSync(temporary, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return folder;
}
