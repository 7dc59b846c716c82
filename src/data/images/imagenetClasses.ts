/** Reads the list of ImageNet's classes (fixtures/imagenet). */

/** A class of ImageNet-1k. */
export interface ImageNetClass {
  /** The number of its synset in WordNet: `n01440764`. */
  readonly synset: string;
  /** Its name: `tench`. */
  readonly label: string;
}

/** The classes in a text of one line each. */
export const imageNetClassesIn = (text: string): readonly ImageNetClass[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const space = line.indexOf(" ");
      return { synset: line.slice(0, space), label: line.slice(space + 1) };
    });
