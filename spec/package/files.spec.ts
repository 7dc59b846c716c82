/** What a user gets: the files of the package, their size, and the targets of their links. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { bytesBelow, dependencyPaths, manifest, packed, root } from "./packed.ts";

const { files, unpackedSize } = packed();
const paths: ReadonlySet<string> = new Set(files.map(({ path }) => path));
const entries = Object.values(manifest.exports);

/** A file and all that it imports, directly or not, as paths in the repository. */
function importsOf(file: string, asType: boolean, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(join(root, file), "utf8").replaceAll(/^\s*(?:\/\*)?\*.*$/gm, "");
  for (const [, to = ""] of text.matchAll(/(?:\bfrom |\bimport\(|^import )"(\.[^"]+)"/gm)) {
    const path = join(dirname(file), to);
    importsOf(asType ? path.replace(/\.[jt]s$/, ".d.ts") : path, asType, seen);
  }
  return seen;
}

const missing = (wanted: Iterable<string>): readonly string[] => [...wanted].filter((path) => !paths.has(path));

describe("the package", () => {
  it("takes at most 3.2 MB unpacked", () => {
    expect(unpackedSize).toBeLessThanOrEqual(3.2e6);
  });

  it("and all its dependencies take at most 60 MB", () => {
    const peers = ["node_modules/fast-check", "node_modules/pure-rand"];
    const bytes = [...dependencyPaths(), ...peers].map((path) => bytesBelow(join(root, path)));
    expect(bytes.reduce((sum, n) => sum + n, unpackedSize)).toBeLessThanOrEqual(60e6);
  });

  it("has no WebAssembly files, which its modules contain as text, no source maps, and nothing that specs leave in dist", () => {
    expect([...paths].filter((path) => /\.(wasm|wat|map|tgz|tsbuildinfo)$|^dist\/\./.test(path))).toEqual([]);
  });

  it.each(entries.map((entry) => entry.default).concat("dist/cli.js"))("has every module that %s imports", (entry) => {
    expect(missing(importsOf(normalize(entry), false))).toEqual([]);
  });

  it.each(entries.map((entry) => entry.types))("has every declaration that %s imports", (entry) => {
    expect(missing(importsOf(normalize(entry), true))).toEqual([]);
  });

  it("has the modules that run as workers and separate processes, and all files that are read", () => {
    const modules = [...paths].filter((path) => path.startsWith("dist/") && path.endsWith(".js"));
    const named = modules.flatMap((path) => {
      const urls = [...readFileSync(join(root, path), "utf8").matchAll(/new URL\("([^"]+)", import\.meta\.url\)/g)];
      return urls.map(([, to = ""]) => join(dirname(path), to));
    });
    expect(named).toContain("recipes/");
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => ![...paths].some((path) => path === name || (name.endsWith("/") && path.startsWith(name))))).toEqual([]);
    expect(paths).toContain("fixtures/record.py");
  });

  it("has fast-check as a peer dependency, so that tests and checks share one copy, and native libraries as optional ones", () => {
    const peers = ["fast-check", "koffi", "onnxruntime-node", "webgpu"];
    expect(manifest.peerDependencies).toEqual(Object.fromEntries(peers.map((name) => [name, `^${manifest.devDependencies[name]}`])));
    const optional = { optional: true };
    expect(manifest.peerDependenciesMeta).toEqual({ koffi: optional, "onnxruntime-node": optional, webgpu: optional });
    expect(Object.keys(manifest.dependencies)).not.toContain("fast-check");
  });
});

/** Relative links of a page, with the part after #. */
const linksOf = (page: string): readonly string[] =>
  [
    ...readFileSync(join(root, page), "utf8")
      .replaceAll(/^```[^]*?^```$/gm, "")
      .matchAll(/\]\(([^)\s]+)\)/g),
  ]
    .map(([, to = ""]) => to)
    .filter((to) => !/^[a-z]+:/.test(to));

/** GitHub's name for a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");

/** Whether a page has this heading, or a source file this line (`L12`). */
function hasAnchor(page: string, anchor: string): boolean {
  if (page.endsWith(".ts")) return readFileSync(join(root, page), "utf8").split("\n").length >= Number(/^L(\d+)$/.exec(anchor)?.[1]);
  const headings = readFileSync(join(root, page), "utf8").matchAll(/^#+ (.*)$/gm);
  return [...headings].some(([, heading = ""]) => anchorOf(heading) === anchor);
}

/** Whether a file has the line of an anchor such as `L28`. */
const hasLine = (file: string, anchor: string): boolean =>
  Number(anchor.slice(1)) <= readFileSync(join(root, file), "utf8").split("\n").length;

/** Links of a page without a target. */
function deadLinks(page: string, exists: (path: string) => boolean): readonly string[] {
  return linksOf(page).filter((link) => {
    const [to = "", anchor] = link.split("#");
    const path = to === "" ? page : join(dirname(page), decodeURI(to));
    const isThere = /^L\d+$/.test(anchor ?? "") ? hasLine : hasAnchor;
    return !exists(path) || (anchor !== undefined && !isThere(path, anchor));
  });
}

/** Whether the package has a path. docs/equations.md may also link to sources that only the repository has, as it says. */
const inPackage = (page: string, path: string): boolean =>
  paths.has(path) || [...paths].some((file) => file.startsWith(`${path}/`)) || (page === "docs/equations.md" && path.startsWith("src/"));
const pages = [...paths].filter((path) => path.endsWith(".md"));

describe("links", () => {
  it("are found", () => {
    expect(pages.flatMap(linksOf).length).toBeGreaterThan(20);
    expect(deadLinks("README.md", () => false)).toEqual(linksOf("README.md"));
  });

  it.each(pages)("in %s have targets in the repository and in the package", (page) => {
    expect(deadLinks(page, (path) => existsSync(join(root, path)))).toEqual([]);
    expect(deadLinks(page, (path) => inPackage(page, path))).toEqual([]);
  });
});
