/** The 1000 classes of ImageNet-1k (fixtures/imagenet), in the order of the networks' outputs. */
import { readFileSync } from "node:fs";

export interface ImageNetClass {
  /** WordNet's number: `n01440764`. */
  readonly synset: string;
  /** `tench` */
  readonly label: string;
}

/** The same place from src/ and from dist/. */
const FILE = new URL("../../../fixtures/imagenet/classes.txt", import.meta.url);

export function imageNetClasses(): readonly ImageNetClass[] {
  const lines = readFileSync(FILE, "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const space = line.indexOf(" ");
    return { synset: line.slice(0, space), label: line.slice(space + 1) };
  });
}
