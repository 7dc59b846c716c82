/** Which files of the repository have a page, and its path: `/source/src/ops/gelu` for src/ops/gelu.ts. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { equations } from "../../../src/explain/equations.ts";
import { functionPlace, opPlaces, rowPlace } from "../../../src/explain/locations.ts";

const root = join(import.meta.dirname, "../../..");

/** Folders all of whose files have a page, as the reading path leads through them. */
const FOLDERS = [
  "ops",
  "model",
  "losses",
  "teacher",
  "train/step",
  "train/optimizer",
  "train/mixing",
  "data/augment",
  "laws/loops",
  "laws/rows",
  "recording/variants",
].map((folder) => `src/${folder}`);

/** The page of a file, at this line. Pages are named without `.ts` and `.md`, which a link would lose. */
export const sourcePath = (file: string, line: number | null = null): string =>
  `/source/${file.replace(/\.(ts|md)$/, "")}${line === null ? "" : `#L${line}`}`;

/** The files in which formulas are computed, tried and computed a second time. */
const ofFormulas = (): readonly string[] =>
  [...equations].flatMap(([id, { op, by, oracle }]) => {
    const places = op === undefined ? null : opPlaces(op);
    return [rowPlace(id), functionPlace(oracle), places?.forward, by === undefined ? null : functionPlace(by)].flatMap(
      (at) => at?.file ?? [],
    );
  });

/** The files that a page shows a function of, or links to. */
function namedOn(page: string): readonly string[] {
  const text = readFileSync(join(root, "docs", page), "utf8");
  const shown = [...text.matchAll(/^<Source of="([\w/]+\.ts) \w+" \/>$/gm)].map(([, file = ""]) => `src/${file}`);
  const linked = [...text.matchAll(/\]\((\.\.\/[^)#\s]+)/g)].map(([, to = ""]) => posix.join("docs", posix.dirname(page), to));
  return [...shown, ...linked.filter((file) => !file.startsWith("docs/"))];
}

/** Every file that has a page, relative to the root of the repository. */
export function sourceFiles(): readonly string[] {
  const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).filter((name) =>
    /^(?!\.vitepress)[^[]*\.md$/.test(name),
  );
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => `${folder}/${name}`),
  );
  return [...new Set([...inFolders, ...ofFormulas(), ...pages.flatMap(namedOn)])].toSorted();
}
