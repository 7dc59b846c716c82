/**
 * The Chromium that the package @sparticuz/chromium brings, for Linux on x64: unpacked once into node_modules/.cache, with the libraries that a
 * bare machine lacks and the SwiftShader that draws without a GPU, and started without a window.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { chromium, type Browser } from "playwright-core";
import { sourceOf } from "../../src/io/source.ts";
import { tarFiles } from "../../src/io/tar.ts";

const packed = join(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "../../bin");
const modules = join(packed, "../../..");
const EXECUTABLE = 0o755;

const inflated = (name: string): Uint8Array => brotliDecompressSync(readFileSync(join(packed, name)));

function unpackInto(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "chromium"), inflated("chromium.br"), { mode: EXECUTABLE });
  for (const name of ["al2023.tar.br", "swiftshader.tar.br"]) {
    const archive = inflated(name);
    for (const { name, begin, end } of tarFiles(sourceOf(archive))) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), archive.subarray(begin, end));
    }
  }
}

/** The folder where it lies unpacked. Several processes may ask at once: each unpacks aside, and the first to be done gives its folder the name. */
function unpacked(): string {
  const { version }: { readonly version: string } = JSON.parse(readFileSync(join(packed, "../package.json"), "utf8"));
  const folder = join(modules, ".cache/deit", `chromium-${version}`);
  if (existsSync(folder)) return folder;
  const aside = `${folder}.${process.pid}`;
  try {
    unpackInto(aside);
    renameSync(aside, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return folder;
}

interface Program {
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
}

function program(): Program {
  const folder = unpacked();
  const given = Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return { path: join(folder, "chromium"), environment: { ...Object.fromEntries(given), LD_LIBRARY_PATH: join(folder, "lib") } };
}

/** Why this machine cannot run the program; null: it can. */
export function whyNoChromium(): string | null {
  const { path, environment } = program();
  const { error, status, stderr } = spawnSync(path, ["--version"], { env: environment, encoding: "utf8" });
  if (error === undefined && status === 0) return null;
  const [reason = ""] = (error?.message ?? stderr).split("\n");
  return `it does not run here: ${reason}`;
}

/** A new browser; the caller closes it. */
export function startChromium(): Promise<Browser> {
  const { path, environment } = program();
  return chromium.launch({ executablePath: path, env: environment, args: ["--no-sandbox"] });
}
