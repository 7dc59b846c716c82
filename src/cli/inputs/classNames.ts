/** What the classes of a model are called. */
import { imageNetClasses } from "../../data/images/imagenet.ts";

export interface ClassName {
  readonly label: string;
  /** Of ImageNet's classes. */
  readonly synset?: string;
}

/**
 * Names of K classes: those that the weights bring along, ImageNet's if there are 1000 without a name, else their numbers. A class that is named by
 * a synset of ImageNet gets its label.
 */
export function classNames(named: readonly string[] | null, K: number): readonly ClassName[] {
  const known = imageNetClasses();
  if (named === null) return K === known.length ? known : Array.from({ length: K }, (_, index) => ({ label: `${index}` }));
  const bySynset = new Map(known.map((name) => [name.synset, name]));
  return named.map((label) => bySynset.get(label) ?? { label });
}
