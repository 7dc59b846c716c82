/**
 * Counter-based random numbers: Philox 4×32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 *
 * A key is a value, and there is no state. A draw is a function of key and index only, so that neither resuming a run nor the number of
 * workers can change it. Keys are derived by name: `fold(keyOf(seed), "dropPath")`.
 */

type Words2 = readonly [number, number];
/** Four words of 32 bits. */
type Words4 = readonly [number, number, number, number];

/** The two 32-bit words of a Philox key. */
export interface Key {
  /** Each from 0 to 2³² − 1. */
  readonly words: Words2;
}

const MULTIPLIER_0 = 0xd2511f53; // the constants of Philox 4×32 (Salmon et al., section 4)
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9; // golden ratio
const WEYL_1 = 0xbb67ae85; // √3 − 1
const ROUNDS = 10;

/** Upper 32 bits of the 64-bit product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

/**
 * Four random 32-bit words: the bijection that `key` selects, applied to `counter`.
 *
 * The rounds assign to plain variables: a large model needs 10⁸ of these draws, and destructuring assignments take ten times as long.
 */
export function philox(counter: Words4, key: Words2): Words4 {
  let c0 = counter[0];
  let c1 = counter[1];
  let c2 = counter[2];
  let c3 = counter[3];
  let k0 = key[0];
  let k1 = key[1];
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

// The last word of the counter separates the three uses of a key.
const DRAW = 0;
const FOLD_NAME = 1;
const FOLD_NUMBER = 2;

const low32 = (n: number): number => n >>> 0;
const high32 = (n: number): number => Math.floor(n / 2 ** 32) >>> 0;

/** FNV-1a over the UTF-16 units of `name`. */
function hashOf(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/**
 * The key for a seed.
 *
 * @throws RangeError unless `seed` is an integer from 0 to 2⁵³ − 1
 */
export function keyOf(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`key: seed must be an integer from 0 to 2^53 - 1, got ${seed}`);
  return { words: [low32(seed), high32(seed)] };
}

/** A key derived from another, for a purpose (a name) or an index (the number of an epoch or sample). */
export function fold({ words }: Key, label: string | number): Key {
  const counter: Words4 =
    typeof label === "number" ? [low32(label), high32(label), 0, FOLD_NUMBER] : [hashOf(label), label.length, 0, FOLD_NAME];
  const block = philox(counter, words);
  return { words: [block[0], block[1]] };
}

/** Block i of the key's stream: four 32-bit words. */
const blockAt = ({ words }: Key, i: number): Words4 => philox([low32(i), high32(i), 0, DRAW], words);

/** Draw i, uniform on [0, 1) in steps of 2⁻²⁴: exact in f32, hence the same on every engine. */
export const uniformAt = (key: Key, i: number): number => ((blockAt(key, Math.floor(i / 4))[i % 4] ?? 0) >>> 8) * 2 ** -24;

/** Draws 0 … length − 1 as `uniformAt` has them, four a block. */
export function uniforms(key: Key, length: number): Float32Array {
  const out = new Float32Array(4 * Math.ceil(length / 4));
  for (let at = 0; at < length; at += 4) for (const [i, word] of blockAt(key, at / 4).entries()) out[at + i] = (word >>> 8) * 2 ** -24;
  return out.subarray(0, length);
}

/** Two words as a number on [0, 1) in steps of 2⁻⁵³. */
const fraction53 = (high: number, low: number): number => ((high >>> 5) * 2 ** 26 + (low >>> 6)) * 2 ** -53;

/** Draw i, uniform on [0, 1) in steps of 2⁻⁵³, for host values in f64. */
export function uniform53At(key: Key, i: number): number {
  const words = blockAt(key, i);
  return fraction53(words[0], words[1]);
}

/** Draw i of the standard normal distribution (Box–Muller). */
export function normalAt(key: Key, i: number): number {
  const words = blockAt(key, i);
  return Math.sqrt(-2 * Math.log(1 - fraction53(words[0], words[1]))) * Math.cos(2 * Math.PI * fraction53(words[2], words[3]));
}

/** Two words as independent draws of the standard normal distribution (Box–Muller). */
function normalPair(radius: number, angle: number, out: Float32Array, at: number): void {
  const r = Math.sqrt(-2 * Math.log((radius + 0.5) * 2 ** -32)); // from 0 to 6.8
  const a = 2 * Math.PI * 2 ** -32 * angle;
  out[at] = r * Math.cos(a);
  out[at + 1] = r * Math.sin(a);
}

/** `length` independent draws of the standard normal distribution in f32: four a block, where `normalAt` has one of more digits. */
export function normals({ words }: Key, length: number): Float32Array {
  const out = new Float32Array(4 * Math.ceil(length / 4));
  for (let i = 0, at = 0; at < length; i++, at += 4) {
    const block = philox([low32(i), high32(i), 0, DRAW], words);
    normalPair(block[0], block[1], out, at);
    normalPair(block[2], block[3], out, at + 2);
  }
  return out.subarray(0, length);
}

/** A permutation of 0 … n − 1 (Fisher–Yates). */
export function permutation(key: Key, n: number): readonly number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform53At(key, i) * (i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}
