/** The 1000 classes of ImageNet-1k (fixtures/imagenet), in the order of a network's outputs. */
import { readFileSync } from "node:fs";

/** A class of ImageNet-1k. */
export interface ImageNetClass {
  /** The number of its synset in WordNet: `n01440764`. */
  readonly synset: string;
  /** Its name: `tench`. */
  readonly label: string;
}

/** The same file, seen from src/ and from dist/. */
const FILE = new URL("../../../fixtures/imagenet/classes.txt", import.meta.url);

/** Reads the 1000 classes. */
export function imageNetClasses(): readonly ImageNetClass[] {
  const lines = readFileSync(FILE, "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const space = line.indexOf(" ");
    return { synset: line.slice(0, space), label: line.slice(space + 1) };
  });
}
