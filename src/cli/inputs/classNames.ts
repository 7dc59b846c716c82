/** The names of a model's classes. */
import { imageNetClasses } from "../../data/images/imagenet.ts";

/** The name of a class. */
export interface ClassName {
  readonly label: string;
  /** The synset of an ImageNet class. */
  readonly synset?: string;
}

/**
 * The names of K classes: those that come with the weights, ImageNet's if there are 1000 unnamed classes, else their numbers. A class named by a
 * synset of ImageNet gets ImageNet's label.
 */
export function classNames(named: readonly string[] | null, K: number): readonly ClassName[] {
  const known = imageNetClasses();
  if (named === null) return K === known.length ? known : Array.from({ length: K }, (_, index) => ({ label: `${index}` }));
  const bySynset = new Map(known.map((name) => [name.synset, name]));
  return named.map((label) => bySynset.get(label) ?? { label });
}
