/** The contents of the package as `npm pack` makes it, and a folder where it is installed, as far as possible without a network. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The repository's folder. */
export const root: string = join(import.meta.dirname, "../..");

interface Packed {
  /** The size of all files together, in bytes. */
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** What npm would pack of the last build. */
export function packed(): Packed {
  const printed = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root, encoding: "utf8" });
  const [report]: readonly Packed[] = JSON.parse(printed);
  if (report === undefined) throw new Error(`npm pack reports nothing: ${printed}`);
  return report;
}

/** The fields of the repository's package.json that specs use. */
export interface Manifest {
  readonly exports: { readonly [entry: string]: { readonly types: string; readonly default: string } };
  readonly dependencies: { readonly [name: string]: string };
  readonly devDependencies: { readonly [name: string]: string };
  readonly peerDependencies: { readonly [name: string]: string };
  readonly peerDependenciesMeta: { readonly [name: string]: { readonly optional: boolean } };
}

export const manifest: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

interface Locked {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

/** Paths in node_modules, from the repository's folder, of what a user gets with this package: no dev dependencies, nothing for other platforms. */
export function dependencyPaths(): readonly string[] {
  const { packages }: { readonly packages: { readonly [path: string]: Locked } } = JSON.parse(
    readFileSync(join(root, "package-lock.json"), "utf8"),
  );
  return Object.entries(packages).flatMap(([path, { dev, devOptional }]) => {
    const isUsers = path !== "" && dev !== true && devOptional !== true;
    return isUsers && statSync(join(root, path), { throwIfNoEntry: false }) !== undefined ? [path] : [];
  });
}

/** The size of the files in a folder, in bytes, without nested packages. */
export function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules") bytes += bytesBelow(path);
    else if (entry.isFile()) bytes += statSync(path).size;
  }
  return bytes;
}

/**
 * Makes a folder with the package installed: its files are copied, and its dependencies are linked to the repository's.
 *
 * @param fastCheck the folder of node_modules to use as fast-check
 * @param tools further packages that the user has
 */
export function installed(fastCheck: string, tools: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "deit-installed-"));
  const modules = join(folder, "node_modules");
  const link = (target: string, name: string): void => {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", target), join(modules, name), "junction");
  };
  for (const { path } of packed().files) cpSync(join(root, path), join(modules, "deit", path));
  const below = dependencyPaths().map((path) => path.slice("node_modules/".length));
  for (const name of below) if (name !== "fast-check" && !name.includes("/node_modules/")) link(name, name);
  link(fastCheck, "fast-check");
  for (const tool of tools) link(tool, tool);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  return folder;
}
