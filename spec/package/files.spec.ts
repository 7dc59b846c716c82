/** What a user gets: the files of the package, what they weigh, where their links lead. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { bytesBelow, dependencyPaths, manifest, packed, root } from "./packed.ts";

const { files, unpackedSize } = packed();
const paths: ReadonlySet<string> = new Set(files.map(({ path }) => path));
const entries = Object.values(manifest.exports);

/** All that a file leads to by its import lines, itself among them, written as in the repository. */
function behind(file: string, asType: boolean, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(join(root, file), "utf8").replaceAll(/^\s*(?:\/\*)?\*.*$/gm, "");
  for (const [, to = ""] of text.matchAll(/(?:\bfrom |\bimport\(|^import )"(\.[^"]+)"/gm)) {
    const path = join(dirname(file), to);
    behind(asType ? path.replace(/\.[jt]s$/, ".d.ts") : path, asType, seen);
  }
  return seen;
}

const missing = (wanted: Iterable<string>): readonly string[] => [...wanted].filter((path) => !paths.has(path));

describe("the package", () => {
  it("weighs at most 2.5 MB unpacked", () => {
    expect(unpackedSize).toBeLessThanOrEqual(2.5e6);
  });

  it("and all that comes with it weigh at most 60 MB", () => {
    const peers = ["node_modules/fast-check", "node_modules/pure-rand"];
    const bytes = [...dependencyPaths(), ...peers].map((path) => bytesBelow(join(root, path)));
    expect(bytes.reduce((sum, n) => sum + n, unpackedSize)).toBeLessThanOrEqual(60e6);
  });

  it("has no WebAssembly beside that which its modules hold, no map, and nothing that specs leave in dist", () => {
    expect([...paths].filter((path) => /\.(wasm|wat|map|tgz|tsbuildinfo)$|^dist\/\./.test(path))).toEqual([]);
  });

  it.each(entries.map((entry) => entry.default).concat("dist/cli.js"))("has every module that %s leads to", (entry) => {
    expect(missing(behind(normalize(entry), false))).toEqual([]);
  });

  it.each(entries.map((entry) => entry.types))("has every declaration that %s leads to", (entry) => {
    expect(missing(behind(normalize(entry), true))).toEqual([]);
  });

  it("has the modules that run as workers and processes of their own, and all files that are read", () => {
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

  it("asks for fast-check as a peer, so that tests and checks have one copy, and for webgpu only if it is wished", () => {
    expect(manifest.peerDependencies).toEqual({ "fast-check": `^${manifest.devDependencies["fast-check"]}`, webgpu: "^0.6.2" });
    expect(manifest.peerDependenciesMeta).toEqual({ webgpu: { optional: true } });
    expect(Object.keys(manifest.dependencies)).not.toContain("fast-check");
  });
});

/** Relative links of a page, with the part behind #. */
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

/** Whether a text has a line: `L28`, as in a link to source. */
const hasLine = (file: string, anchor: string): boolean =>
  Number(anchor.slice(1)) <= readFileSync(join(root, file), "utf8").split("\n").length;

/** Links of a page that lead nowhere. */
function deadLinks(page: string, exists: (path: string) => boolean): readonly string[] {
  return linksOf(page).filter((link) => {
    const [to = "", anchor] = link.split("#");
    const path = to === "" ? page : join(dirname(page), decodeURI(to));
    const isThere = /^L\d+$/.test(anchor ?? "") ? hasLine : hasAnchor;
    return !exists(path) || (anchor !== undefined && !isThere(path, anchor));
  });
}

/** Or in the source, of which the package has the ops and the model, and docs/equations.md says so. */
const inPackage = (page: string, path: string): boolean =>
  paths.has(path) || [...paths].some((file) => file.startsWith(`${path}/`)) || (page === "docs/equations.md" && path.startsWith("src/"));
const pages = [...paths].filter((path) => path.endsWith(".md"));

describe("links", () => {
  it("are there to be looked at", () => {
    expect(pages.flatMap(linksOf).length).toBeGreaterThan(20);
    expect(deadLinks("README.md", () => false)).toEqual(linksOf("README.md"));
  });

  it.each(pages)("of %s lead to files of the repository and of the package", (page) => {
    expect(deadLinks(page, (path) => existsSync(join(root, path)))).toEqual([]);
    expect(deadLinks(page, (path) => inPackage(page, path))).toEqual([]);
  });
});
