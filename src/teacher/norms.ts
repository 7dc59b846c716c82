/** Trees with the nesting of a RegNet: numbered stages and blocks, and one value for each norm. The names are timm's. */
import type { UnitNorm } from "./convNorm.ts";
import type { BlockNorms } from "./regnetBlock.ts";

/** b1, b2, …: numbered from 1 without a gap. */
export type Blocks<T> = { readonly [name: `b${number}`]: T };
/** s1, s2, …: numbered from 1 without a gap. */
export type Stages<T> = { readonly [name: `s${number}`]: T };

/** One T for each norm: its running statistics, the statistics of a batch, or null. */
export interface RegnetNorms<T> extends Stages<Blocks<BlockNorms<T>>> {
  /** The stem's norm. */
  readonly stem: UnitNorm<T>;
}

/** [["b1", …], ["b2", …], …], in order. */
export function blocksOf<T>(tree: Blocks<T>): readonly (readonly [`b${number}`, T])[] {
  const entries: (readonly [`b${number}`, T])[] = [];
  for (let i = 1; ; i++) {
    const value = tree[`b${i}`];
    if (value === undefined) return entries;
    entries.push([`b${i}`, value]);
  }
}

/** [["s1", …], ["s2", …], …], in order. */
export function stagesOf<T>(tree: Stages<T>): readonly (readonly [`s${number}`, T])[] {
  const entries: (readonly [`s${number}`, T])[] = [];
  for (let i = 1; ; i++) {
    const value = tree[`s${i}`];
    if (value === undefined) return entries;
    entries.push([`s${i}`, value]);
  }
}

/** The same tree with each norm's value replaced by `f(value, name)`; a name is `s1.b1.conv1.bn`. */
export function mapNorms<A, B>(norms: RegnetNorms<A>, f: (value: A, name: string) => B): RegnetNorms<B> {
  const unit = ({ bn }: UnitNorm<A>, name: string): UnitNorm<B> => ({ bn: f(bn, `${name}.bn`) });
  const block = (b: BlockNorms<A>, name: string): BlockNorms<B> => ({
    conv1: unit(b.conv1, `${name}.conv1`),
    conv2: unit(b.conv2, `${name}.conv2`),
    conv3: unit(b.conv3, `${name}.conv3`),
    downsample: b.downsample === null ? null : unit(b.downsample, `${name}.downsample`),
  });
  const stage = (of: Blocks<BlockNorms<A>>, name: string): Blocks<BlockNorms<B>> =>
    Object.fromEntries(blocksOf(of).map(([b, norms]) => [b, block(norms, `${name}.${b}`)] as const));
  const stem = unit(norms.stem, "stem");
  return { stem, ...Object.fromEntries(stagesOf(norms).map(([s, blocks]) => [s, stage(blocks, s)] as const)) };
}
